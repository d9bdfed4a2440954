import { WavetankError } from '../../core/errors.ts';
import type { ChainAccount } from '../chain/chain.ts';

/** Which of the chain's accounts is whose. 0, 1, 2 and 8 are where outside test suites expect them. */
const INDEX = { deployer: 0, euLab: 1, usLab: 2, stranger: 3, provider: 8, environment: 9 } as const;

export type AccountName = keyof typeof INDEX;
export type NamedAccounts = Readonly<Record<AccountName, ChainAccount>>;

/** The accounts of sites after the first come behind those with a name: two for each. */
const FIRST_OF_SITES = 10;

/** How many accounts the chain needs. */
export function accountCount(sites: number): number {
  return FIRST_OF_SITES + 2 * (sites - 1);
}

/** By the site's number, from 1. */
export function siteAccounts(
  named: NamedAccounts,
  accounts: readonly ChainAccount[],
  number: number,
): { readonly provider: ChainAccount; readonly environment: ChainAccount } {
  if (number === 1) return named;
  const at = accountCount(number - 1);
  return {
    provider: accountAt(accounts, at, `provider${number}`),
    environment: accountAt(accounts, at + 1, `environment${number}`),
  };
}

export function nameAccounts(accounts: readonly ChainAccount[]): NamedAccounts {
  const entries = Object.entries(INDEX).map(([name, index]) => [name, accountAt(accounts, index, name)]);
  return Object.fromEntries(entries) as NamedAccounts;
}

function accountAt(accounts: readonly ChainAccount[], index: number, name: string): ChainAccount {
  const account = accounts[index];
  if (account) return account;
  throw new WavetankError('CHAIN_ACCOUNTS', `The chain has no account ${index} for ${name}.`, {
    category: 'environment',
  });
}
