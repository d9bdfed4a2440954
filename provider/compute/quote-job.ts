import { nowSeconds } from '../../core/clock.ts';
import type { Seams } from '../../core/seams.ts';
import type { ProviderFee } from '../../core/protocol/provider-fee.ts';
import type { OrderReader } from '../access/order-reader.ts';
import type { ValidOrder } from '../access/order.ts';
import type { AssetService } from '../asset/asset.ts';
import { computeFeeAmount, signQuote } from './fee.ts';
import { paysEnvironment } from './payment.ts';
import type { PreparedJob } from './prepared-job.ts';

/** Nothing to pay: `validOrder` alone. Fee to renew: both. To order: a fee. */
export interface ElementQuote {
  readonly datatoken?: string;
  readonly providerFee?: ProviderFee;
  /** With a fee: the startOrder to reuse. Alone: the transaction to start with, which carries the fee that still holds. */
  readonly validOrder?: string;
}

export interface JobQuote {
  readonly datasets: readonly ElementQuote[];
  readonly algorithm?: ElementQuote;
}

interface Element {
  readonly source: AssetService;
  readonly existing: ValidOrder | undefined;
}

/**
 * Quotes a job element by element. One element carries the environment's fee: the first whose order already does, else
 * the first dataset (P6: the classic lookup always failed, so that what was paid was asked for again).
 */
export async function quoteJob(
  job: PreparedJob,
  validUntil: number,
  orders: OrderReader,
  seams: Seams,
): Promise<JobQuote> {
  const { chain, environment } = job;
  const decimals = environment.priceMin > 0 ? await chain.reader.decimals(chain.feeToken) : 0;
  const elements = await Promise.all(
    elementsOf(job).map(async ({ source, transferTxId }): Promise<Element> => {
      const existing = transferTxId ? await existingOrder(transferTxId, source, job, orders) : undefined;
      return { source, existing };
    }),
  );
  const lasts = ({ existing }: Element): boolean =>
    existing !== undefined &&
    existing.fee.environment === environment.id &&
    (existing.fee.validUntil === 0 || existing.fee.validUntil >= validUntil);
  const carries = (element: Element): boolean =>
    lasts(element) &&
    element.existing !== undefined &&
    paysEnvironment(element.existing.fee, environment.priceMin, decimals);
  const carrier = Math.max(0, elements.findIndex(carries));
  const now = nowSeconds(seams.clock);
  const quotes = await Promise.all(
    elements.map(async (element, index): Promise<ElementQuote> => {
      const isCarrier = index === carrier;
      if (element.existing && lasts(element) && (!isCarrier || carries(element)))
        return { validOrder: element.existing.transferTxId };
      const { service } = element.source;
      const providerFee = await signQuote(
        {
          feeToken: chain.feeToken,
          amount: isCarrier ? computeFeeAmount(validUntil - now, environment.priceMin, decimals) : 0n,
          validUntil,
          environment: environment.id,
          datatoken: service.datatokenAddress,
          serviceId: service.id,
          quotedAt: now,
          paysEnvironment: isCarrier,
        },
        chain.signer,
      );
      return {
        datatoken: service.datatokenAddress,
        providerFee,
        ...(element.existing ? { validOrder: element.existing.startTx } : {}),
      };
    }),
  );
  const algorithm = job.algorithm.kind === 'published' ? quotes.at(-1) : undefined;
  return { datasets: quotes.slice(0, job.datasets.length), ...(algorithm ? { algorithm } : {}) };
}

function elementsOf(job: PreparedJob): readonly { source: AssetService; transferTxId: string | undefined }[] {
  return job.algorithm.kind === 'published' ? [...job.datasets, job.algorithm] : job.datasets;
}

/**
 * Nobody has signed yet: the receipt is looked at once and never waited for (D2). An unusable order is no order; one
 * whose fee has ended, or was for another environment, needs a new fee only.
 */
async function existingOrder(
  transferTxId: string,
  source: AssetService,
  job: PreparedJob,
  orders: OrderReader,
): Promise<ValidOrder | undefined> {
  const order = await orders.validate(transferTxId, source, {
    caller: job.consumer,
    environmentAddress: job.environment.consumerAddress,
    mayBeExpired: true,
    waitMs: 0,
  });
  return order.ok ? order.value : undefined;
}
