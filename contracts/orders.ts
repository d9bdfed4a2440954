import type { JsonRpcProvider } from 'ethers';
import { sameAddress } from '../core/protocol/address.ts';
import type { EventLog, EventOf } from './events.ts';
import { OrderReused, OrderStarted, ProviderFee, byPlace, eventsFrom } from './events.ts';

export type OrderStartedEvent = EventOf<typeof OrderStarted>;
export type OrderReusedEvent = EventOf<typeof OrderReused>;
export type ProviderFeeEvent = EventOf<typeof ProviderFee>;

/** One `startOrder` or `reuseOrder` call on a datatoken, with the provider fee that this very call carried. */
export type OrderCall =
  | { readonly kind: 'started'; readonly order: OrderStartedEvent; readonly fee: ProviderFeeEvent | undefined }
  | { readonly kind: 'reused'; readonly order: OrderReusedEvent; readonly fee: ProviderFeeEvent | undefined };

/** What a transaction did on one datatoken. */
export interface OrderReceipt {
  readonly transactionHash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  /** Blocks on top of and including its own: 1 when it is in the newest. */
  readonly confirmations: number;
  /** Unix seconds of the newest block: how late it is at least, whatever the reader's own clock says. */
  readonly chainTime: number;
  readonly isSuccessful: boolean;
  /** Who signed the transaction. `payer` of an order is the factory when it was one of several at once. */
  readonly sender: string;
  /** What the transaction called; undefined for a contract creation. */
  readonly calledContract: string | undefined;
  readonly datatoken: string;
  /** In the order of their logs. */
  readonly calls: readonly OrderCall[];
}

/**
 * Reads a transaction's receipt as orders of one datatoken; undefined while the chain has no receipt.
 * Says what happened, decides nothing. Logs of any other contract do not exist for it.
 */
export async function readOrderReceipt(
  provider: JsonRpcProvider,
  transactionHash: string,
  datatoken: string,
): Promise<OrderReceipt | undefined> {
  const [receipt, head] = await Promise.all([
    provider.getTransactionReceipt(transactionHash),
    provider.getBlock('latest'),
  ]);
  if (!receipt || !head) return undefined;
  return {
    transactionHash: receipt.hash,
    blockNumber: receipt.blockNumber,
    blockHash: receipt.blockHash,
    confirmations: Math.max(1, head.number - receipt.blockNumber + 1),
    chainTime: head.timestamp,
    isSuccessful: receipt.status === 1,
    sender: receipt.from,
    calledContract: receipt.to ?? undefined,
    datatoken,
    calls: receipt.status === 1 ? orderCalls(receipt.logs, datatoken) : [],
  };
}

/**
 * Pairs each order of a datatoken with the fee of the same call. The contract logs OrderStarted or OrderReused first
 * and the call's ProviderFee after it, and its re-entrancy guard keeps a second call of the same datatoken out until
 * the first has ended: so the fee of an order is the first ProviderFee between it and the next order. No fee of
 * another call in the transaction can be taken for it.
 */
export function orderCalls(logs: readonly EventLog[], datatoken: string): OrderCall[] {
  const started = eventsFrom(logs, datatoken, OrderStarted).map((order) => ({ kind: 'started' as const, order }));
  const reused = eventsFrom(logs, datatoken, OrderReused).map((order) => ({ kind: 'reused' as const, order }));
  const fees = eventsFrom(logs, datatoken, ProviderFee);
  const heads = [...started, ...reused].toSorted((a, b) => byPlace(a.order, b.order));
  return heads.map((head, position) => {
    const from = head.order.logIndex;
    const to = heads[position + 1]?.order.logIndex ?? Number.POSITIVE_INFINITY;
    return { ...head, fee: fees.find(({ logIndex }) => logIndex > from && logIndex < to) };
  });
}

/**
 * The call that a check goes by when a transaction holds several: the first, in the order of the logs, that `isMeant`.
 * Which one is chosen never depends on what comes after it, so nobody can add a log to change the answer.
 */
export function firstCall(receipt: OrderReceipt, isMeant: (call: OrderCall) => boolean): OrderCall | undefined {
  return receipt.calls.find(isMeant);
}

/** The order of one service that a transaction started: the first one. A reuse is no start, and never leads to one. */
export function startedOrder(
  receipt: OrderReceipt,
  serviceIndex: number,
): Extract<OrderCall, { kind: 'started' }> | undefined {
  const call = firstCall(
    receipt,
    ({ kind, order }) => kind === 'started' && order.serviceIndex === BigInt(serviceIndex),
  );
  return call?.kind === 'started' ? call : undefined;
}

/**
 * Who may act on an order, as far as the chain says: its consumer and its payer. Of orders placed together the events
 * name the factory as payer; the buyer is then whoever called the factory, which is the transaction's sender only
 * if the transaction called it directly. No other contract gets this reading: who sends a wallet's transaction may
 * be a relayer that bought nothing.
 */
export function orderParties(receipt: OrderReceipt, order: OrderStartedEvent, factory: string): readonly string[] {
  const { consumer, payer } = order;
  const isDirect = sameAddress(payer, factory) && sameAddress(receipt.calledContract, factory);
  return isDirect ? [consumer, payer, receipt.sender] : [consumer, payer];
}
