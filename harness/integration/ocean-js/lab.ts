import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunningTestbed } from '../../running-testbed.ts';
import type { TestbedConfig } from '../../config/testbed-config.ts';
import { startTestbed } from '../../testbed.ts';
import type { OceanJs, Signer } from './ocean-js.ts';
import { ethers, oceanJs } from './ocean-js.ts';
import { setVariables } from './variables.ts';

export type Config = InstanceType<OceanJs['Config']>;
export type Aquarius = InstanceType<OceanJs['Aquarius']>;

/** A testbed as a suite of ocean.js sees it: the variables that it reads, a node with unlocked accounts, nothing else. */
export interface OceanJsLab {
  readonly testbed: RunningTestbed;
  readonly config: Config;
  /** Of the address file, as the library read them. */
  readonly contracts: {
    readonly factory: string;
    readonly ocean: string;
    readonly fixedRate: string;
    readonly dispenser: string;
    readonly router: string;
  };
  readonly aquarius: Aquarius;
  readonly providerUrl: string;
  /** Account 0 of the node. */
  readonly publisher: Signer;
  /** Account 1 of the node. */
  readonly consumer: Signer;
  /** By place in the node's list. */
  account(index: number): Signer;
  stop(): Promise<void>;
}

/** Sets ADDRESS_FILE, AQUARIUS_URL and PROVIDER_URL of this process, which is what the library looks at. */
export async function startOceanJsLab(config: TestbedConfig = {}): Promise<OceanJsLab> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ojs-'));
  const testbed = await startTestbed({ stateRoot: folder, ...config }).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  const { rpcUrl, addressFile, metadataCacheUrl, providers, chainId } = testbed.endpoints;
  const providerUrl = providers[0]?.url ?? '';
  const restore = setVariables({
    ADDRESS_FILE: addressFile,
    AQUARIUS_URL: metadataCacheUrl,
    PROVIDER_URL: providerUrl,
  });
  // One that asks for the chain's id once, and signers that know their address: more than half of all requests were these two.
  const node = new ethers.providers.StaticJsonRpcProvider(rpcUrl);
  const accounts = await node.listAccounts();
  const oceanConfig = new oceanJs.ConfigHelper().getConfig(chainId);
  const named = (address: string | undefined): string => address ?? 'not in the address file';
  const account = (index: number): Signer => node.getSigner(accounts[index]);
  return {
    testbed,
    config: oceanConfig,
    contracts: {
      factory: named(oceanConfig.nftFactoryAddress),
      ocean: named(oceanConfig.oceanTokenAddress),
      fixedRate: named(oceanConfig.fixedRateExchangeAddress),
      dispenser: named(oceanConfig.dispenserAddress),
      router: named(oceanConfig.routerFactoryAddress),
    },
    aquarius: new oceanJs.Aquarius(oceanConfig.metadataCacheUri ?? 'none'),
    providerUrl,
    account,
    publisher: account(0),
    consumer: account(1),
    async stop() {
      restore();
      node.removeAllListeners();
      await testbed.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
