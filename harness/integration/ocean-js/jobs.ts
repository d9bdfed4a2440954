import { systemClock } from '../../../core/clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { Published } from './assets.ts';
import type { OceanJsLab } from './lab.ts';
import type { OceanJs, Signer } from './ocean-js.ts';
import { oceanJs } from './ocean-js.ts';

const { ProviderInstance, Datatoken } = oceanJs;

type Provider = OceanJs['ProviderInstance'];
export type ComputeAlgorithm = Parameters<Provider['computeStart']>[4];
export type ComputeEnvironment = Awaited<ReturnType<Provider['getComputeEnvironments']>>[number][number];
export type ComputeJob = Extract<Awaited<ReturnType<Provider['computeStatus']>>, { jobId: string }>;
type Initialized = Awaited<ReturnType<Provider['initializeCompute']>>;
type ToOrder = NonNullable<Initialized['datasets']>[number];

/** Where the consumer's applications do what the library leaves to them: choosing, minting, and paying in order. */
export interface JobOrders {
  readonly environment: ComputeEnvironment;
  readonly quote: Initialized;
  /** One by dataset, each a transaction hash. */
  readonly datasets: string[];
  /** Absent for code that the consumer brings. */
  readonly algorithm: string | undefined;
}

export async function environments(lab: OceanJsLab, providerUrl = lab.providerUrl): Promise<ComputeEnvironment[]> {
  return (await ProviderInstance.getComputeEnvironments(providerUrl))[8996] ?? [];
}

export async function chooseEnvironment(lab: OceanJsLab, isFree: boolean, providerUrl?: string) {
  const found = (await environments(lab, providerUrl)).find(({ priceMin }) => (priceMin === 0) === isFree);
  if (!found) throw new Error(`There is no ${isFree ? 'free' : 'paid'} environment.`);
  return found;
}

export interface JobRequest {
  readonly datasets: readonly Published[];
  readonly algorithm: Published | ComputeAlgorithm;
  readonly environment: ComputeEnvironment;
  /** Orders of before, to be used again. */
  readonly before?: JobOrders;
  readonly seconds?: number;
  readonly providerUrl?: string;
}

export function isPublished(algorithm: Published | ComputeAlgorithm): algorithm is Published {
  return 'did' in algorithm;
}

const element = ({ did, asset }: Published, transferTxId?: string) => ({
  documentId: did,
  serviceId: asset.services[0]?.id ?? '',
  ...(transferTxId === undefined ? {} : { transferTxId }),
});

export async function initialize(lab: OceanJsLab, request: JobRequest): Promise<Initialized> {
  const { datasets, algorithm, environment, before, seconds = 600, providerUrl = lab.providerUrl } = request;
  const now = (await lab.consumer.provider?.getBlock('latest'))?.timestamp ?? 0;
  return ProviderInstance.initializeCompute(
    datasets.map((dataset, i) => element(dataset, before?.datasets[i])),
    isPublished(algorithm) ? element(algorithm, before?.algorithm) : algorithm,
    environment.id,
    now + seconds,
    providerUrl,
    await lab.consumer.getAddress(),
  );
}

/** Initialises and pays, the algorithm first, as the library's own guide does. */
export async function order(lab: OceanJsLab, request: JobRequest): Promise<JobOrders> {
  const quote = await initialize(lab, request);
  const { environment, algorithm } = request;
  const algorithmOrder =
    isPublished(algorithm) && quote.algorithm ? await pay(lab, algorithm, quote.algorithm, environment) : undefined;
  const datasets: string[] = [];
  for (const [i, dataset] of request.datasets.entries()) {
    const toOrder = quote.datasets?.[i];
    if (toOrder) datasets.push(await pay(lab, dataset, toOrder, environment));
  }
  return { environment, quote, datasets, algorithm: algorithmOrder };
}

async function pay(lab: OceanJsLab, { datatoken }: Published, toOrder: ToOrder, environment: ComputeEnvironment) {
  const { consumer, config } = lab;
  const { validOrder, providerFee } = toOrder;
  if (validOrder && !providerFee) return validOrder;
  if (!providerFee) throw new Error('neither a valid order nor a fee');
  const address = await consumer.getAddress();
  const { providerFeeToken, providerFeeAmount } = providerFee;
  await oceanJs.approveWei(consumer, config, address, providerFeeToken, datatoken, providerFeeAmount);
  const datatokens = new Datatoken(consumer, 8996);
  const sent = validOrder
    ? await datatokens.reuseOrder(datatoken, validOrder, providerFee)
    : await datatokens.startOrder(datatoken, environment.consumerAddress, 0, providerFee);
  const receipt = await sent.wait();
  const event = oceanJs.getEventFromTx(receipt, validOrder ? 'OrderReused' : 'OrderStarted') as {
    transactionHash: string;
  };
  return event.transactionHash;
}

/** Mints what one job costs in datatokens. */
export async function giveDatatokens(lab: OceanJsLab, assets: readonly Published[], amount = '1'): Promise<void> {
  const [owner, consumer] = await Promise.all([lab.publisher.getAddress(), lab.consumer.getAddress()]);
  for (const { datatoken } of assets) await new Datatoken(lab.publisher, 8996).mint(datatoken, owner, amount, consumer);
}

export async function start(
  lab: OceanJsLab,
  request: JobRequest,
  orders: JobOrders,
  more: { readonly algorithm?: Partial<ComputeAlgorithm>; readonly userdata?: object; readonly signer?: Signer } = {},
): Promise<ComputeJob> {
  const { datasets, algorithm, providerUrl = lab.providerUrl } = request;
  const [main, ...others] = datasets.map((dataset, i) => element(dataset, orders.datasets[i]));
  if (!main) throw new Error('no dataset');
  const answer = await ProviderInstance.computeStart(
    providerUrl,
    more.signer ?? lab.consumer,
    orders.environment.id,
    { ...main, ...(more.userdata ? { userdata: more.userdata } : {}) },
    { ...(isPublished(algorithm) ? element(algorithm, orders.algorithm) : algorithm), ...more.algorithm },
    undefined,
    others,
  );
  const [job] = [answer].flat();
  if (!job) throw new Error('the Provider did not start it');
  return job as ComputeJob;
}

export async function status(lab: OceanJsLab, jobId: string, providerUrl = lab.providerUrl): Promise<ComputeJob> {
  const answer = await ProviderInstance.computeStatus(providerUrl, await lab.consumer.getAddress(), jobId);
  const [job] = [answer].flat();
  if (!job) throw new Error(`${jobId} is not listed`);
  return job as ComputeJob;
}

/** Polls as applications do. */
export function ended(lab: OceanJsLab, jobId: string, providerUrl?: string): Promise<ComputeJob> {
  const look = async (): Promise<ComputeJob | undefined> => {
    const job = await status(lab, jobId, providerUrl);
    return job.dateFinished ? job : undefined;
  };
  return waitUntil(`the end of ${jobId}`, look, { clock: systemClock, timeoutMs: 15_000, intervalMs: 100 });
}

export async function result(lab: OceanJsLab, jobId: string, index: number, providerUrl = lab.providerUrl) {
  const url = await ProviderInstance.getComputeResultUrl(providerUrl, lab.consumer, jobId, index);
  const { data, filename } = await oceanJs.downloadFile(url);
  return { filename, text: Buffer.from(data).toString(), url };
}
