import type { Seams } from '../../core/seams.ts';
import type { ChainConfig, ProviderConfig } from '../config.ts';
import { refused } from '../refusal.ts';
import type { Signer } from '../signer.ts';
import { createLocalSigner } from '../signer.ts';
import type { ChainReader } from './chain-reader.ts';
import { createChainReader } from './chain-reader.ts';
import { createFilesOpener } from './files-opener.ts';

/** One chain that this Provider serves. */
export interface Chain extends Omit<ChainConfig, 'privateKey' | 'rpcUrl'> {
  readonly reader: ChainReader;
  readonly signer: Signer;
  /** Decrypts a service's `files`. */
  openFiles(files: string): Promise<string>;
}

export interface Chains {
  readonly all: readonly Chain[];
  get(chainId: number): Chain | undefined;
  /** @throws Refused CHAIN_UNSUPPORTED */
  require(chainId: number): Chain;
  close(): void;
}

export function createChains(config: ProviderConfig, seams: Seams): Chains {
  const all = config.chains.map(({ privateKey, rpcUrl, ...facts }): Chain => {
    const signer = createLocalSigner(privateKey);
    const reader = createChainReader({ privateKey, rpcUrl, ...facts }, seams, config.limits.upstreamTimeoutMs);
    return { ...facts, reader, signer, openFiles: createFilesOpener(signer) };
  });
  return chainsOf(all);
}

export function chainsOf(all: readonly Chain[]): Chains {
  const byId = new Map(all.map((chain) => [chain.chainId, chain]));
  return {
    all,
    get: (chainId) => byId.get(chainId),
    require(chainId) {
      const chain = byId.get(chainId);
      if (!chain) throw refused('CHAIN_UNSUPPORTED', 'chainId', 'chain.supported', `Unsupported chain ID ${chainId}`);
      return chain;
    },
    close: () => all.forEach(({ reader }) => reader.close()),
  };
}
