import type { OrderQuestion, OrderReader } from '../access/order-reader.ts';
import type { ValidOrder } from '../access/order.ts';
import { environmentOf } from '../foreign/foreign-providers.ts';
import type { Checked, Reason } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import { computeFeeAmount } from './fee.ts';
import { datasetField } from './job-request.ts';
import type { PreparedDataset, PreparedJob, PublishedAlgorithm } from './prepared-job.ts';

/** What pays for a job. */
export interface Payment {
  /** One per dataset, in their order. */
  readonly datasets: readonly ValidOrder[];
  readonly algorithm: ValidOrder | undefined;
  /** Unix seconds until which the environment is paid. 0 = without end. */
  readonly paidUntil: number;
  /** Unix seconds until which every order of the job is valid; undefined = without end. */
  readonly ordersUntil: number | undefined;
  /** Unix seconds by the clock that these ends are counted on. */
  readonly judgedAt: number;
}

/** Checks every element's own order (P8: no element stands in for another), then that one of them pays the environment. */
export async function checkPayment(job: PreparedJob, orders: OrderReader, waitMs: number): Promise<Checked<Payment>> {
  const question = {
    caller: job.consumer,
    environment: job.environment.id,
    environmentAddress: job.environment.consumerAddress,
    waitMs,
  };
  const [ofAlgorithm, ...ofDatasets] = await Promise.all([
    job.algorithm.kind === 'published'
      ? orders.validate(job.algorithm.transferTxId ?? '', job.algorithm.source, {
          ...question,
          ...foreignTerms(job.algorithm, question),
        })
      : undefined,
    ...job.datasets.map((dataset) =>
      orders.validate(dataset.transferTxId ?? '', dataset.source, { ...question, ...foreignTerms(dataset, question) }),
    ),
  ]);
  const datasets: ValidOrder[] = [];
  for (const [index, order] of ofDatasets.entries()) {
    if (!order) continue;
    if (!order.ok) return refuse({ ...order.reason, field: `${datasetField(index)}.serviceId` });
    datasets.push(order.value);
  }
  if (ofAlgorithm && !ofAlgorithm.ok)
    return refuse({ ...ofAlgorithm.reason, field: 'algorithm', classic: 'in_use_or_not_on_chain' });
  return paidTotal(job, datasets, ofAlgorithm?.value);
}

/** An order at another Provider carries that one's fee, and its files are fetched by the environment. */
export function foreignTerms(
  { source, foreign }: Pick<PreparedDataset | PublishedAlgorithm, 'source' | 'foreign'>,
  { environment }: { readonly environment: string },
): Partial<Pick<OrderQuestion, 'environment' | 'provider' | 'isForEnvironment'>> {
  if (!foreign) return {};
  const { environment: bound } = environmentOf(source, environment);
  return { environment: bound, provider: foreign.address, isForEnvironment: true };
}

async function paidTotal(
  job: PreparedJob,
  datasets: readonly ValidOrder[],
  algorithm: ValidOrder | undefined,
): Promise<Checked<Payment>> {
  const all = algorithm ? [...datasets, algorithm] : datasets;
  const ofAlgorithm = job.algorithm.kind === 'published' ? job.algorithm : undefined;
  const isOwn = (order: ValidOrder): boolean =>
    (order === algorithm ? ofAlgorithm : job.datasets[datasets.indexOf(order)])?.foreign === undefined;
  const decimals = job.environment.priceMin > 0 ? await job.chain.reader.decimals(job.chain.feeToken) : 0;
  const paying = all.filter((order) => isOwn(order) && paysEnvironment(order.fee, job.environment.priceMin, decimals));
  if (paying.length === 0) return refuse(NOT_PAID);
  // The longest of them counts; without end beats every end.
  const paidUntil = paying.some(({ fee }) => fee.validUntil === 0)
    ? 0
    : Math.max(...paying.map(({ fee }) => fee.validUntil));
  const ends = all.map(({ validUntil }) => validUntil).filter((end) => end !== undefined);
  const ordersUntil = ends.length === 0 ? undefined : Math.min(...ends);
  const judgedAt = Math.max(...all.map((order) => order.judgedAt));
  return passed({ datasets, algorithm, paidUntil, ordersUntil, judgedAt });
}

const NOT_PAID: Reason = {
  code: 'FEES_NOT_PAID',
  field: 'order',
  rule: 'fee.paid',
  message: 'No order of the job carries the fee of its compute environment.',
  classic: 'fees_not_paid',
};

/**
 * What was quoted is what is compared (P4): our quotes say whether they pay for the environment. For a quote that does
 * not say, the price is counted from the moment of the quote, so that a fee never falls short by getting older.
 */
export function paysEnvironment(fee: ValidOrder['fee'], priceMin: number, decimals: number): boolean {
  if (fee.paysEnvironment !== undefined) return fee.paysEnvironment;
  if (fee.validUntil === 0) return priceMin === 0;
  return fee.amount >= computeFeeAmount(fee.validUntil - Math.ceil(fee.quotedAt), priceMin, decimals);
}
