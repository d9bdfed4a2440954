import { WavetankError } from '../../core/errors.ts';
import type { ChainAccount } from '../chain/chain.ts';

/** Which of the chain's accounts is whose. 0, 1, 2 and 8 are where outside test suites expect them. */
const INDEX = { deployer: 0, euLab: 1, usLab: 2, stranger: 3, provider: 8, environment: 9 } as const;

export type AccountName = keyof typeof INDEX;
export type NamedAccounts = Readonly<Record<AccountName, ChainAccount>>;

export function nameAccounts(accounts: readonly ChainAccount[]): NamedAccounts {
  const entries = Object.entries(INDEX).map(([name, index]) => {
    const account = accounts[index];
    if (!account)
      throw new WavetankError('CHAIN_ACCOUNTS', `The chain has no account ${index} for ${name}.`, {
        category: 'environment',
      });
    return [name, account];
  });
  return Object.fromEntries(entries) as NamedAccounts;
}
