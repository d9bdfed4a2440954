import { z } from 'zod';
import type { Chain, Chains } from '../chain/chains.ts';
import { checksumAddress, isAddress } from '../../core/protocol/address.ts';
import type { Seams } from '../../core/seams.ts';
import type { ProviderConfig } from '../config.ts';
import type { OperatorClient } from '../operator-client.ts';

/** As clients see it: the classic fields, numbers as numbers (ocean.js picks the free one by `priceMin === 0`). */
export const environmentSchema = z.looseObject({
  id: z.string(),
  cpuNumber: z.coerce.number(),
  cpuType: z.string().default(''),
  gpuNumber: z.coerce.number(),
  gpuType: z.string().default(''),
  ramGB: z.coerce.number(),
  diskGB: z.coerce.number(),
  /** Per minute, in whole fee tokens. */
  priceMin: z.coerce.number().min(0),
  desc: z.string().default(''),
  currentJobs: z.coerce.number().default(0),
  maxJobs: z.coerce.number().default(1),
  consumerAddress: z.string().refine(isAddress),
  storageExpiry: z.coerce.number().default(0),
  /** Seconds. */
  maxJobDuration: z.coerce.number().min(1),
  lastSeen: z.coerce.string().default(''),
  /** Other Providers whose files its operator fetches. */
  inputProviders: z.array(z.string().refine(isAddress)).default([]),
});

export type Environment = z.infer<typeof environmentSchema> & { readonly feeToken: string };

export interface Environments {
  /** Those offered on a chain, remembered for a moment (D4: the classic Provider asked once per element). */
  list(chain: Chain): Promise<readonly Environment[]>;
  find(chain: Chain, id: string): Promise<Environment | undefined>;
  /** Whether an address is some environment's, on any chain. */
  isEnvironmentAddress(address: string): Promise<boolean>;
}

export function createEnvironments(
  operator: OperatorClient,
  chains: Chains,
  config: ProviderConfig,
  seams: Seams,
): Environments {
  const remembered = new Map<number, { at: number; list: Promise<readonly Environment[]> }>();

  async function ask(chain: Chain): Promise<readonly Environment[]> {
    const answers = await operator.environments(chain.signer, chain.chainId);
    return answers.flatMap((answer) => {
      const parsed = environmentSchema.safeParse(answer);
      if (!parsed.success) {
        seams.log.warn('An environment of the Operator Service is malformed.', {
          problem: parsed.error.issues[0]?.path.join('.') ?? '',
        });
        return [];
      }
      if (config.allowedEnvironments && !config.allowedEnvironments.includes(parsed.data.id)) return [];
      return [{ ...parsed.data, feeToken: chain.feeToken }];
    });
  }

  function list(chain: Chain): Promise<readonly Environment[]> {
    const now = seams.clock.now();
    const known = remembered.get(chain.chainId);
    if (known && now - known.at < config.limits.environmentsMs) return known.list;
    const asked = { at: now, list: ask(chain) };
    remembered.set(chain.chainId, asked);
    const forget = (): void => {
      if (remembered.get(chain.chainId) === asked) remembered.delete(chain.chainId);
    };
    // "None" is not remembered: whoever waits for an operator that is just starting hears of its first one at once.
    asked.list.then((offered) => offered.length === 0 && forget(), forget);
    return asked.list;
  }

  return {
    list,
    find: async (chain, id) => (await list(chain)).find((environment) => environment.id === id),
    async isEnvironmentAddress(address) {
      const wanted = checksumAddress(address);
      for (const chain of chains.all) {
        const known = await list(chain).catch(() => []);
        if (known.some(({ consumerAddress }) => checksumAddress(consumerAddress) === wanted)) return true;
      }
      return false;
    },
  };
}
