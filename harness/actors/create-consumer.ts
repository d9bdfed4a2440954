import { signedMessages } from '../../core/protocol/signed-messages.ts';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import type { Clock } from '../../core/clock.ts';
import { nowSeconds } from '../../core/clock.ts';
import type { Answer } from '../scenario/checks.ts';
import type { Account } from './account.ts';
import type { PublishedAsset } from './assets.ts';
import type {
  Alteration,
  ComputeOrder,
  ComputeQuote,
  ComputeRequest,
  Consumer,
  DownloadedFile,
  EnvironmentOffer,
  OrderQuote,
  RawAlgorithm,
} from './consumer.ts';
import { followJob } from './follow-job.ts';
import type { Payments } from './payments.ts';
import type { ProviderClient } from './provider-client.ts';

export interface ConsumerParts {
  readonly account: Account;
  readonly provider: ProviderClient;
  readonly payments: Payments;
  readonly clock: Clock;
}

export function createConsumer(parts: ConsumerParts): Consumer {
  const ofJobs = jobs(parts);
  return { ...accounting(parts), ...ordering(parts), ...ofJobs, ...downloads(parts, ofJobs.results) };
}

function accounting({
  account,
  provider,
  payments,
}: ConsumerParts): Pick<Consumer, 'buyDatatoken' | 'balanceOf' | 'order' | 'nonce'> {
  return {
    buyDatatoken: payments.buyDatatoken,
    balanceOf: (token) => account.reads.balanceOf(token, account.address),
    order: (asset, quote, { consumer, serviceIndex = 0 }) => payments.pay(asset, quote, consumer, serviceIndex),
    nonce: () => provider.nonce(),
  };
}

const ONE_HOUR_SECONDS = 3600;

function ordering({
  account,
  provider,
  payments,
  clock,
}: ConsumerParts): Pick<Consumer, 'environments' | 'initializeCompute' | 'orderCompute' | 'orderAccess'> {
  const environments = async (): Promise<Answer<EnvironmentOffer[]>> => {
    const answer = await provider.ask<Record<string, EnvironmentOffer[]>>('computeEnvironments');
    return answer.ok ? { ok: true, value: answer.value[String(account.chainId)] ?? [] } : answer;
  };
  async function initializeCompute(request: ComputeRequest): Promise<Answer<ComputeQuote>> {
    const [offers, chainTime] = await Promise.all([environments(), account.chainTime()]);
    if (!offers.ok) return offers;
    const environment = chosen(offers.value, request.environment);
    if (!environment) return noEnvironment(request.environment);
    // Somebody else may have moved the chain's time on.
    const now = Math.max(nowSeconds(clock), chainTime);
    const body = {
      datasets: datasetsOf(request).map((asset) => element(asset, request.transferTxIds)),
      algorithm: algorithmElement(request.algorithm, request.transferTxIds),
      compute: { env: environment.id, validUntil: now + (request.seconds ?? ONE_HOUR_SECONDS) },
      consumerAddress: account.address,
    };
    const answer = await provider.ask<{ datasets: OrderQuote[]; algorithm?: OrderQuote }>('initializeCompute', {
      method: 'POST',
      body,
    });
    return answer.ok ? { ok: true, value: { request, environment, ...answer.value } } : answer;
  }
  return {
    environments,
    initializeCompute,
    async orderCompute(request): Promise<Answer<ComputeOrder>> {
      const quote = await initializeCompute(request);
      if (!quote.ok) return quote;
      const { environment } = quote.value;
      const transferTxIds: Record<string, string> = {};
      for (const { asset, quoted } of toPay(quote.value)) {
        const paid = await payments.buyAndPay(asset, quoted, environment.consumerAddress, 0);
        if (!paid.ok) return paid;
        transferTxIds[asset.did] = paid.value;
      }
      return { ok: true, value: { request, environment, transferTxIds } };
    },
    async orderAccess(asset, { serviceId = asset.service.id } = {}) {
      const quote = await provider.ask<OrderQuote>('initialize', {
        query: { documentId: asset.did, serviceId, consumerAddress: account.address, fileIndex: 0 },
      });
      if (!quote.ok) return quote;
      const serviceIndex = asset.ddo.services.findIndex(({ id }) => id === serviceId);
      return payments.buyAndPay(asset, quote.value, account.address, serviceIndex);
    },
  };
}

function jobs({
  account,
  provider,
  clock,
}: ConsumerParts): Pick<Consumer, 'startCompute' | 'status' | 'results' | 'stopCompute' | 'deleteCompute' | 'follow'> {
  const consumerAddress = account.address;
  const status: Consumer['status'] = ({ jobId, consumerAddress: whose = consumerAddress } = {}) =>
    provider.ask<ComputeJob[]>('compute', { query: { consumerAddress: whose, jobId } });
  /** A change names a dataset of its job, which the job's listing tells. */
  async function change<T>(method: 'PUT' | 'DELETE', jobId: string, alteration: Alteration = {}): Promise<Answer<T>> {
    const owner = alteration.fields?.['consumerAddress'] ?? consumerAddress;
    const listed = await status({ jobId, consumerAddress: String(owner) });
    if (!listed.ok) return listed;
    const documentId = listed.value[0]?.inputDID[0];
    const message = (nonce: string): string =>
      signedMessages.computeChange({ consumerAddress, jobId, documentId, nonce });
    const fields = { consumerAddress, jobId, documentId };
    return provider.signed<T>({ method, route: 'compute', message, fields }, alteration);
  }
  return {
    async startCompute(order, { parameters, alteration } = {}) {
      const { dataset } = order.request;
      const answer = await provider.signed<ComputeJob[]>(
        {
          method: 'POST',
          route: 'compute',
          message: (nonce) => signedMessages.computeStart({ consumerAddress, documentId: dataset.did, nonce }),
          fields: { consumerAddress, ...startFields(order, parameters) },
        },
        alteration,
      );
      return first(answer);
    },
    status,
    async results(jobId, alteration) {
      // The signed form of this route is an addition to the classic API: its text is tagged so that it stands for nothing else.
      const message = (nonce: string): string => `compute status ${consumerAddress} ${jobId} ${nonce}`;
      const request = { method: 'GET', route: 'compute', message, fields: { consumerAddress, jobId } } as const;
      return first(await provider.signed<ComputeJob[]>(request, alteration));
    },
    stopCompute: (jobId, alteration) => change<ComputeJob[]>('PUT', jobId, alteration),
    deleteCompute: (jobId, alteration) => change('DELETE', jobId, alteration),
    follow: (jobId, options) => followJob(provider, clock, { consumerAddress, jobId }, options),
  };
}

function downloads(
  { account, provider }: ConsumerParts,
  results: Consumer['results'],
): Pick<Consumer, 'downloadResult' | 'downloadResults' | 'download'> {
  const consumerAddress = account.address;
  const downloadResult: Consumer['downloadResult'] = async (jobId, index, alteration) =>
    asFile(
      await provider.signedBytes(
        {
          method: 'GET',
          route: 'computeResult',
          message: (nonce) => signedMessages.computeResult(consumerAddress, jobId, String(index), nonce),
          fields: { consumerAddress, jobId, index: String(index) },
        },
        alteration,
      ),
    );
  return {
    downloadResult,
    async downloadResults(jobId) {
      const listed = await results(jobId);
      if (!listed.ok) return listed;
      const byName = new Map<string, DownloadedFile>();
      for (const { index, filename } of listed.value.results || []) {
        const file = await downloadResult(jobId, index);
        if (!file.ok) return file;
        byName.set(filename, file.value);
      }
      return { ok: true, value: byName };
    },
    download: async (asset, { transferTxId, fileIndex = 0, serviceId = asset.service.id, alteration }) =>
      asFile(
        await provider.signedBytes(
          {
            method: 'GET',
            route: 'download',
            message: (nonce) => signedMessages.download(asset.did, nonce),
            fields: { documentId: asset.did, serviceId, transferTxId, fileIndex, consumerAddress },
          },
          alteration,
        ),
      ),
  };
}

function datasetsOf({ dataset, additionalDatasets = [] }: ComputeRequest): readonly PublishedAsset[] {
  return [dataset, ...additionalDatasets];
}

function isRaw(algorithm: PublishedAsset | RawAlgorithm): algorithm is RawAlgorithm {
  return 'rawcode' in algorithm;
}

function element(asset: PublishedAsset, transferTxIds: ComputeRequest['transferTxIds']): Record<string, string> {
  const transferTxId = transferTxIds?.[asset.did];
  return { documentId: asset.did, serviceId: asset.service.id, ...(transferTxId ? { transferTxId } : {}) };
}

function algorithmElement(
  algorithm: PublishedAsset | RawAlgorithm,
  transferTxIds: ComputeRequest['transferTxIds'],
): Record<string, unknown> {
  return isRaw(algorithm) ? { meta: { ...algorithm } } : element(algorithm, transferTxIds);
}

/** The algorithm first, as ocean.js orders. */
function toPay({ request, datasets, algorithm }: ComputeQuote): { asset: PublishedAsset; quoted: OrderQuote }[] {
  const quoted = datasetsOf(request).flatMap((asset, index) => {
    const quote = datasets[index];
    return quote ? [{ asset, quoted: quote }] : [];
  });
  if (!algorithm || isRaw(request.algorithm)) return quoted;
  return [{ asset: request.algorithm, quoted: algorithm }, ...quoted];
}

function startFields(
  { request, environment, transferTxIds }: ComputeOrder,
  parameters: unknown,
): Record<string, unknown> {
  const additional = (request.additionalDatasets ?? []).map((asset) => element(asset, transferTxIds));
  return {
    environment: environment.id,
    dataset: element(request.dataset, transferTxIds),
    algorithm: {
      ...algorithmElement(request.algorithm, transferTxIds),
      ...(parameters === undefined ? {} : { algocustomdata: parameters }),
    },
    ...(additional.length > 0 ? { additionalDatasets: additional } : {}),
  };
}

function chosen(offers: readonly EnvironmentOffer[], id: string | undefined): EnvironmentOffer | undefined {
  return offers.find((offer) => (id === undefined ? offer.priceMin === 0 : offer.id === id));
}

function noEnvironment(id: string | undefined): Answer<never> {
  const message = id === undefined ? 'The Provider offers no free environment.' : `The Provider offers no "${id}".`;
  return { ok: false, refusal: { status: 0, code: 'ENVIRONMENT_NOT_OFFERED', field: 'environment', message } };
}

function first(answer: Answer<ComputeJob[]>): Answer<ComputeJob> {
  if (!answer.ok) return answer;
  const [job] = answer.value;
  if (job) return { ok: true, value: job };
  return { ok: false, refusal: { status: 200, code: 'JOB_NOT_LISTED', message: 'The answer lists no job.' } };
}

function asFile(
  answer: Answer<{ readonly bytes: Uint8Array; header(name: string): string | undefined }>,
): Answer<DownloadedFile> {
  if (!answer.ok) return answer;
  const { bytes } = answer.value;
  const filename = /attachment;filename=(.+)/.exec(answer.value.header('content-disposition') ?? '')?.[1] ?? '';
  return {
    ok: true,
    value: {
      filename,
      bytes,
      get text() {
        return Buffer.from(bytes).toString('utf8');
      },
    },
  };
}
