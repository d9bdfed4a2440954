import type { OceanAddresses } from '../../contracts/address-book.ts';
import type { OceanContracts } from '../../contracts/ocean-contracts.ts';
import { oceanContracts } from '../../contracts/ocean-contracts.ts';
import { connectChain } from '../../contracts/rpc.ts';
import type { Clock } from '../../core/clock.ts';
import { isWavetankError, messageOf } from '../../core/errors.ts';
import type { Net } from '../../core/net.ts';
import type { Answer } from '../scenario/checks.ts';
import { CountingWallet } from './counting-wallet.ts';
import { inTurn } from './in-turn.ts';

export interface AccountOptions {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly addresses: OceanAddresses;
  readonly privateKey: string;
  readonly net: Net;
  readonly clock: Clock;
}

/** An account of somebody outside, over JSON-RPC. */
export interface Account {
  readonly address: string;
  readonly privateKey: string;
  readonly chainId: number;
  readonly addresses: OceanAddresses;
  /** Transactions, one after another; the contract's refusal is a value (CHAIN_TX_REFUSED). */
  transact<T>(work: (ocean: OceanContracts) => Promise<T>): Promise<Answer<T>>;
  readonly reads: Pick<OceanContracts, 'balanceOf' | 'allowance' | 'fixedRateCost'>;
  /** Seconds since the epoch, of the newest block. */
  chainTime(): Promise<number>;
  close(): void;
}

export function openAccount(options: AccountOptions): Account {
  const { chainId, addresses, privateKey } = options;
  const provider = connectChain({ ...options, pollingIntervalMs: 20 });
  const wallet = new CountingWallet(privateKey, provider, chainId);
  const ocean = oceanContracts(addresses, wallet);
  const turn = inTurn();
  return {
    address: wallet.address,
    privateKey,
    chainId,
    addresses,
    reads: ocean,
    transact: (work) => turn(() => asAnswer(() => work(ocean))),
    async chainTime() {
      const block = await provider.getBlock('latest');
      return block?.timestamp ?? 0;
    },
    close: () => provider.destroy(),
  };
}

async function asAnswer<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const code = isWavetankError(error) ? error.code : 'CHAIN_CALL_FAILED';
    const reason = isWavetankError(error) ? error.details['reason'] : undefined;
    const message = typeof reason === 'string' ? reason : messageOf(error);
    return { ok: false, refusal: { status: 0, code, field: 'transaction', rule: 'chain.contract', message } };
  }
}
