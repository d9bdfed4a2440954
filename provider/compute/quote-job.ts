import type { ProviderFee } from '../../core/protocol/provider-fee.ts';
import type { OrderReader } from '../access/order-reader.ts';
import type { ValidOrder } from '../access/order.ts';
import type { AssetService } from '../asset/asset.ts';
import { computeFeeAmount, signQuote } from './fee.ts';
import type { ForeignProvider, ForeignProviders } from '../foreign/foreign-providers.ts';
import { environmentOf } from '../foreign/foreign-providers.ts';
import type { Checked } from '../refusal.ts';
import { passed } from '../refusal.ts';
import { paysEnvironment } from './payment.ts';
import type { PreparedDataset, PreparedJob } from './prepared-job.ts';

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

export interface QuoteParts {
  readonly orders: OrderReader;
  readonly foreign: Pick<ForeignProviders, 'quote'>;
}

/** In Unix seconds. */
export interface QuotedTime {
  readonly now: number;
  readonly validUntil: number;
}

interface Elsewhere {
  readonly provider: ForeignProvider;
  readonly field: string;
  readonly userdata: PreparedDataset['userdata'];
}

interface Element {
  readonly source: AssetService;
  /** What another Provider serves of the job, and where the request names it. */
  readonly elsewhere: Elsewhere | undefined;
  readonly existing: ValidOrder | undefined;
}

/**
 * Quotes a job element by element. One element carries the environment's fee: the first whose order already does, else
 * the first that is served here (P6: the classic lookup always failed, so that what was paid was asked for again). What
 * another Provider serves is quoted by that one.
 */
export async function quoteJob(
  job: PreparedJob,
  { now, validUntil }: QuotedTime,
  parts: QuoteParts,
): Promise<Checked<JobQuote>> {
  const { chain, environment } = job;
  const { orders, foreign } = parts;
  const decimals = environment.priceMin > 0 ? await chain.reader.decimals(chain.feeToken) : 0;
  const elements = await Promise.all(
    elementsOf(job).map(async ({ source, transferTxId, elsewhere }): Promise<Element> => {
      const existing = transferTxId ? await existingOrder(transferTxId, source, elsewhere, job, orders) : undefined;
      return { source, elsewhere, existing };
    }),
  );
  const lasts = ({ source, elsewhere, existing }: Element): boolean =>
    existing !== undefined &&
    existing.fee.environment ===
      (elsewhere ? (environmentOf(source, environment.id).environment ?? null) : environment.id) &&
    (existing.fee.validUntil === 0 || existing.fee.validUntil >= validUntil);
  const isOwn = ({ elsewhere }: Element): boolean => elsewhere === undefined;
  const carries = (element: Element): boolean =>
    isOwn(element) &&
    lasts(element) &&
    element.existing !== undefined &&
    paysEnvironment(element.existing.fee, environment.priceMin, decimals);
  const paid = elements.findIndex(carries);
  const carrier = paid === -1 ? elements.findIndex(isOwn) : paid;
  const quotes = await Promise.all(
    elements.map(async (element, index): Promise<Checked<ElementQuote>> => {
      const isCarrier = index === carrier;
      if (element.existing && lasts(element) && (!isCarrier || carries(element)))
        return passed({ validOrder: element.existing.transferTxId });
      const { source, elsewhere } = element;
      const { service } = source;
      const validOrder = element.existing ? { validOrder: element.existing.startTx } : {};
      if (elsewhere) {
        const use = { consumer: job.consumer, environment, validUntil, userdata: elsewhere.userdata };
        const fee = await foreign.quote(source, elsewhere.provider, use, elsewhere.field);
        return fee.ok ? passed({ datatoken: service.datatokenAddress, providerFee: fee.value, ...validOrder }) : fee;
      }
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
      return passed({ datatoken: service.datatokenAddress, providerFee, ...validOrder });
    }),
  );
  const told: ElementQuote[] = [];
  for (const quote of quotes) {
    if (!quote.ok) return quote;
    told.push(quote.value);
  }
  const algorithm = job.algorithm.kind === 'published' ? told.at(-1) : undefined;
  return passed({ datasets: told.slice(0, job.datasets.length), ...(algorithm ? { algorithm } : {}) });
}

type Quotable = Pick<Element, 'source' | 'elsewhere'> & { readonly transferTxId: string | undefined };

function elementsOf({ datasets, algorithm }: PreparedJob): readonly Quotable[] {
  const ofDatasets = datasets.map(({ source, transferTxId, foreign, field, userdata }) => ({
    source,
    transferTxId,
    elsewhere: foreign && { provider: foreign, field, userdata },
  }));
  if (algorithm.kind === 'raw') return ofDatasets;
  const { source, transferTxId, foreign } = algorithm;
  const elsewhere = foreign && { provider: foreign, field: 'algorithm', userdata: undefined };
  return [...ofDatasets, { source, transferTxId, elsewhere }];
}

/**
 * Nobody has signed yet: the receipt is looked at once and never waited for (D2). An unusable order is no order; one
 * whose fee has ended, or was for another environment, needs a new fee only.
 */
async function existingOrder(
  transferTxId: string,
  source: AssetService,
  elsewhere: Elsewhere | undefined,
  job: PreparedJob,
  orders: OrderReader,
): Promise<ValidOrder | undefined> {
  const order = await orders.validate(transferTxId, source, {
    caller: job.consumer,
    environmentAddress: job.environment.consumerAddress,
    mayBeExpired: true,
    waitMs: 0,
    ...(elsewhere ? { provider: elsewhere.provider.address, isForEnvironment: true } : {}),
  });
  return order.ok ? order.value : undefined;
}
