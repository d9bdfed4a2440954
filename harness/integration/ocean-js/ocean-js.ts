import { createRequire } from 'node:module';

/** The types of the library and of the ethers 5 that it brings along; its `exports` name no types. */
export type OceanJs = typeof import('../../../node_modules/@oceanprotocol/lib/dist/types/index.d.ts');
export type Ethers5 = typeof import('../../../node_modules/@oceanprotocol/lib/node_modules/ethers/lib/index.d.ts');

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
