import { createRequire } from 'node:module';
// Types by the paths of tsconfig.json.
import type * as oceanJsTypes from '@oceanprotocol/lib';
import type * as ethersTypes from 'ethers-of-ocean-js';

export type OceanJs = typeof oceanJsTypes;
export type Ethers5 = typeof ethersTypes;

const require = createRequire(import.meta.url);

/**
 * The library as npm has it. By `require`: its module build names JSON files and folders in a way that Node takes from
 * bundlers alone, so this is how every Node suite gets it.
 */
export const oceanJs = require('@oceanprotocol/lib') as OceanJs;

/** The ethers that the library itself uses: its signers must come from there. */
export const { ethers } = createRequire(require.resolve('@oceanprotocol/lib'))('ethers') as Ethers5;

export type Signer = InstanceType<Ethers5['Signer']>;

oceanJs.LoggerInstance.setLevel(oceanJs.LogLevel.None);
