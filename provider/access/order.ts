import type { OrderCall, OrderReceipt } from '../../contracts/orders.ts';
import { sameAddress } from '../../core/protocol/address.ts';
import type { AssetService } from '../asset/asset.ts';
import type { Checked, Reason } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { OrderIdentity } from '../stores/usage-ledger.ts';
import type { CheckedFee, FeeExpectation } from './provider-fee.ts';
import { checkProviderFee } from './provider-fee.ts';

/** An order that this caller may use now. */
export interface ValidOrder extends OrderIdentity {
  /** The transaction whose fee counts: startOrder, or the reuseOrder that was named. */
  readonly transferTxId: string;
  readonly fee: CheckedFee;
  /** Unix seconds at which the order's own time ends; undefined = never. */
  readonly validUntil: number | undefined;
  /** When it was found valid: Unix seconds of the later of two clocks, the chain's and our own. */
  readonly judgedAt: number;
}

/** What the chain says about a transferTxId. */
export interface OrderEvidence {
  /** Receipt of the named transaction. */
  readonly receipt: OrderReceipt;
  /** Receipt of the startOrder that a reuse names; undefined when the named transaction is no reuse. */
  readonly original?: OrderReceipt | undefined;
}

export interface OrderExpectation extends FeeExpectation {
  readonly caller: string;
  /** Who is the consumer of orders for the environment: then the caller must be the payer. */
  readonly environmentAddress?: string | undefined;
  /** The order must name it as consumer: its files are downloaded in its name. Default false. */
  readonly isForEnvironment?: boolean;
  readonly confirmations: number;
  /** Quirk `reuse-renews-time`: the order lasts from its last reuse. Default false. */
  readonly reuseRenewsTime?: boolean;
}

type Started = Extract<OrderCall, { kind: 'started' }>;

const ONE_DATATOKEN = 10n ** 18n;

/** The reuse in a receipt that goes before everything else in it, if any. */
export function reusedOrderOf(receipt: OrderReceipt): string | undefined {
  const [first] = receipt.calls;
  return first?.kind === 'reused' ? first.order.orderTxId : undefined;
}

/**
 * Whether an order pays for this use of a service. The evidence holds only what the service's own datatoken emitted:
 * a foreign contract's events pay for nothing (P1). The start decides how long the order lasts; a reuse renews the fee
 * and never the time (P2).
 */
export function checkOrder(evidence: OrderEvidence, of: AssetService, given: OrderExpectation): Checked<ValidOrder> {
  // The chain's own time counts where it is ahead of ours: what the chain calls over is over.
  const now = Math.max(given.now, evidence.receipt.chainTime);
  const expected = { ...given, now };
  const failed = [evidence.receipt, evidence.original]
    .map((receipt) => receipt && checkReceipt(receipt, expected))
    .find((reason) => reason);
  if (failed) return refuse(failed);
  const start = evidence.original ?? evidence.receipt;
  const reuse = evidence.original && evidence.receipt.calls.find(({ kind }) => kind === 'reused');
  if (evidence.original && !reuse)
    return orderRefusal('ORDER_NOT_FOUND', 'order.service', 'The transaction reuses no order.');
  const candidates = start.calls.filter(
    (call): call is Started => call.kind === 'started' && call.order.serviceIndex === BigInt(of.index),
  );
  if (candidates.length === 0) {
    return evidence.original
      ? orderRefusal('ORDER_REUSE_INVALID', 'order.reuse', 'The reused transaction started no order of this service.')
      : orderRefusal(
          'ORDER_NOT_FOUND',
          'order.service',
          'The transaction holds no order of this service by its datatoken.',
        );
  }
  // Several orders of one service in a transaction: the first that passes counts, else the first one's reason.
  const checks = candidates.map((call) =>
    checkStart(call, start, reuse, of, expected, evidence.receipt.transactionHash),
  );
  return (
    checks.find(({ ok }) => ok) ??
    checks[0] ??
    orderRefusal('ORDER_NOT_FOUND', 'order.service', 'The transaction holds no order.')
  );
}

function checkStart(
  call: Started,
  start: OrderReceipt,
  reuse: OrderCall | undefined,
  of: AssetService,
  expected: OrderExpectation,
  named: string,
): Checked<ValidOrder> {
  const { order } = call;
  const fee = checkProviderFee((reuse ?? call).fee, of, expected);
  if (!fee.ok) return fee;
  if (order.amount < ONE_DATATOKEN)
    return orderRefusal('ORDER_AMOUNT', 'order.amount', 'The order paid less than one datatoken.');
  const { timeout, datatokenAddress } = of.service;
  const begins = expected.reuseRenewsTime && reuse ? reuse.order.timestamp : order.timestamp;
  const validUntil = timeout === 0 ? undefined : begins + timeout;
  if (validUntil !== undefined && expected.now > validUntil) {
    return orderRefusal('ORDER_EXPIRED', 'order.validity', `The order was valid until ${validUntil}.`);
  }
  if (!isPartyOf(call, start, of.asset.chain.factory, expected)) {
    return orderRefusal(
      'ORDER_NOT_YOURS',
      'order.consumer',
      'The order has another consumer, and was not paid by this address for this environment.',
    );
  }
  return passed({
    chainId: of.asset.chain.chainId,
    startTx: start.transactionHash,
    datatoken: datatokenAddress,
    serviceIndex: of.index,
    transferTxId: named,
    fee: fee.value,
    validUntil,
    judgedAt: expected.now,
  });
}

/**
 * The order's consumer may use it; its payer may where the consumer is the environment, as Compute-to-Data orders are
 * placed. Through the factory's startMultipleTokenOrder the payer that the event names is the factory, and who called
 * it paid (P10). Behind any other contract the transaction's sender may be a mere relayer, so there it is the contract.
 */
function isPartyOf(
  { order }: Started,
  receipt: OrderReceipt,
  factory: string,
  { caller, environmentAddress, isForEnvironment }: OrderExpectation,
): boolean {
  if (sameAddress(order.consumer, caller) && !isForEnvironment) return true;
  if (!sameAddress(order.consumer, environmentAddress)) return false;
  const isThroughFactory = sameAddress(order.payer, factory) && sameAddress(receipt.calledContract, factory);
  return sameAddress(isThroughFactory ? receipt.sender : order.payer, caller);
}

function checkReceipt(receipt: OrderReceipt, { confirmations }: OrderExpectation): Reason | undefined {
  if (!receipt.isSuccessful)
    return orderReason('ORDER_TX_FAILED', 'order.transaction', 'The transaction was reverted.');
  if (receipt.confirmations < confirmations) {
    return orderReason(
      'ORDER_TX_UNCONFIRMED',
      'order.confirmations',
      `The transaction has ${receipt.confirmations} of ${confirmations} confirmations.`,
    );
  }
  return undefined;
}

export function orderReason(code: Reason['code'], rule: string, message: string): Reason {
  return { code, field: 'transferTxId', rule, message, classic: 'order_invalid' };
}

function orderRefusal(code: Reason['code'], rule: string, message: string): Checked<never> {
  return refuse(orderReason(code, rule, message));
}
