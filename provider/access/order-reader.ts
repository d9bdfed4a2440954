import type { OrderReceipt } from '../../contracts/orders.ts';
import { nowSeconds } from '../../core/clock.ts';
import type { Seams } from '../../core/seams.ts';
import type { AssetService } from '../asset/asset.ts';
import type { Quirk } from '../quirks.ts';
import type { Checked } from '../refusal.ts';
import { refuse } from '../refusal.ts';
import { checkDatatoken } from './datatoken.ts';
import type { OrderEvidence, OrderExpectation, ValidOrder } from './order.ts';
import { checkOrder, orderReason, reusedOrderOf } from './order.ts';

const TRANSACTION = /^0x[0-9a-f]{64}$/i;

export interface OrderQuestion extends Pick<
  OrderExpectation,
  'caller' | 'environment' | 'environmentAddress' | 'isForEnvironment' | 'provider' | 'mayBeExpired'
> {
  /** How long to wait for the receipt. Only who signed may make us wait (D2). */
  readonly waitMs: number;
}

export interface OrderReader {
  validate(transferTxId: string, of: AssetService, question: OrderQuestion): Promise<Checked<ValidOrder>>;
}

const POLL_MS = 250;

export function createOrderReader(seams: Seams, quirks: ReadonlySet<Quirk> = new Set()): OrderReader {
  const { clock } = seams;

  async function receiptOf(of: AssetService, transaction: string, waitMs: number): Promise<OrderReceipt | undefined> {
    const deadline = clock.now() + waitMs;
    for (;;) {
      const receipt = await of.asset.chain.reader.orderReceipt(transaction, of.service.datatokenAddress);
      if (receipt || clock.now() >= deadline) return receipt;
      await clock.sleep(Math.min(POLL_MS, Math.max(1, deadline - clock.now())));
    }
  }

  return {
    async validate(transferTxId, of, { waitMs, ...expected }) {
      if (!TRANSACTION.test(transferTxId))
        return refuse(orderReason('ORDER_TX_INVALID', 'order.hash', 'transferTxId is no transaction hash.'));
      const { chain } = of.asset;
      const [datatoken, receipt] = await Promise.all([
        checkDatatoken(of, 'transferTxId'),
        receiptOf(of, transferTxId, waitMs),
      ]);
      if (!datatoken.allowed) return refuse(datatoken);
      if (!receipt)
        return refuse(
          orderReason('ORDER_TX_NOT_FOUND', 'order.transaction', 'The chain does not know the transaction.'),
        );
      const reused = reusedOrderOf(receipt);
      const evidence: OrderEvidence = {
        receipt,
        original: reused === undefined ? undefined : await receiptOf(of, reused, 0),
      };
      if (reused !== undefined && !evidence.original) {
        return refuse(orderReason('ORDER_REUSE_INVALID', 'order.reuse', 'The reused transaction does not exist.'));
      }
      const { confirmations } = chain;
      const reuseRenewsTime = quirks.has('reuse-renews-time');
      const now = nowSeconds(clock);
      return checkOrder(evidence, of, { ...omitUndefined(expected), confirmations, reuseRenewsTime, now });
    },
  };
}

function omitUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
