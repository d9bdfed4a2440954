import type { ComputeJob } from '../../core/protocol/job-status.ts';
import type { ProviderFee } from '../../core/protocol/provider-fee.ts';
import type { Answer } from '../scenario/checks.ts';
import type { AlgorithmContainerSection, PublishedAsset } from './assets.ts';

/** One row of `computeEnvironments`. */
export interface EnvironmentOffer {
  readonly id: string;
  readonly consumerAddress: string;
  readonly priceMin: number;
  readonly maxJobDuration: number;
  readonly feeToken: string;
  readonly [field: string]: unknown;
}

/** Raw code instead of a published algorithm. */
export interface RawAlgorithm {
  readonly rawcode: string;
  readonly container: AlgorithmContainerSection;
}

export interface ComputeRequest {
  readonly dataset: PublishedAsset;
  readonly additionalDatasets?: readonly PublishedAsset[];
  readonly algorithm: PublishedAsset | RawAlgorithm;
  /** Id of the environment. Default: the free one. */
  readonly environment?: string;
  /** How long the environment is paid for, from now. Default one hour. */
  readonly seconds?: number;
  /** Orders to be used again, by DID: transaction hashes. */
  readonly transferTxIds?: Readonly<Record<string, string>>;
}

/** One element of `initializeCompute`'s answer. */
export interface OrderQuote {
  readonly datatoken?: string;
  readonly providerFee?: ProviderFee;
  /** An order that is still good; with `providerFee`: good once that fee is paid by `reuseOrder`. */
  readonly validOrder?: string;
}

export interface ComputeQuote {
  readonly request: ComputeRequest;
  readonly environment: EnvironmentOffer;
  readonly datasets: readonly OrderQuote[];
  /** Absent for raw code. */
  readonly algorithm?: OrderQuote;
}

/** Paid and ready to start, as often as the order allows. */
export interface ComputeOrder {
  readonly request: ComputeRequest;
  readonly environment: EnvironmentOffer;
  /** By DID: hash of the transaction that a start names. */
  readonly transferTxIds: Readonly<Record<string, string>>;
}

/**
 * How a signed request differs from the honest one, for refusals that differ from an accepted twin in one input.
 * The honest request is built and signed first; then these replace what they name.
 */
export interface Alteration {
  /** Signed and sent instead of the next one. */
  readonly nonce?: string;
  /** Sent instead of the signature. */
  readonly signature?: string;
  /** Signs with this key, under the actor's own address. */
  readonly privateKey?: string;
  /** Fields of the body or query, after signing; `undefined` removes one. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Signs this text instead. */
  readonly message?: string;
}

export interface StartOptions {
  /** Becomes `algoCustomData.json`. */
  readonly parameters?: unknown;
  readonly alteration?: Alteration;
}

export interface FollowOptions {
  /** Gives up after this. Default 60,000. */
  readonly timeoutMs?: number;
  /** Every state as it is announced. */
  readonly onChange?: (job: ComputeJob) => void;
}

export interface DownloadedFile {
  /** From Content-Disposition. */
  readonly filename: string;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** What somebody who wants to compute does, over JSON-RPC and HTTP alone. Nothing throws for an ordinary refusal. */
export interface Consumer {
  environments(): Promise<Answer<EnvironmentOffer[]>>;
  /** Buys datatokens at the asset's fixed-rate exchange. Default one. The answer is the transaction's hash. */
  buyDatatoken(asset: PublishedAsset, amount?: number): Promise<Answer<string>>;
  balanceOf(token: string): Promise<bigint>;
  initializeCompute(request: ComputeRequest): Promise<Answer<ComputeQuote>>;
  /** Pays what the quote asks for: approve and `startOrder`, `reuseOrder`, or nothing. The answer is the transaction to name. */
  order(
    asset: PublishedAsset,
    quote: OrderQuote,
    options: { readonly consumer: string; readonly serviceIndex?: number },
  ): Promise<Answer<string>>;
  /** Everything before a start: buys missing datatokens, asks for the quote, pays all its orders. */
  orderCompute(request: ComputeRequest): Promise<Answer<ComputeOrder>>;
  startCompute(order: ComputeOrder, options?: StartOptions): Promise<Answer<ComputeJob>>;
  /** Unsigned, as classic clients ask: no file names. */
  status(selector?: { readonly jobId?: string; readonly consumerAddress?: string }): Promise<Answer<ComputeJob[]>>;
  /** Signed: with file names. */
  results(jobId: string, alteration?: Alteration): Promise<Answer<ComputeJob>>;
  stopCompute(jobId: string, alteration?: Alteration): Promise<Answer<ComputeJob[]>>;
  deleteCompute(jobId: string, alteration?: Alteration): Promise<Answer<unknown>>;
  /**
   * Is told over an event stream when the job has ended.
   * @throws WavetankError JOB_NOT_FINISHED with the state seen last when the time is over
   */
  follow(jobId: string, options?: FollowOptions): Promise<ComputeJob>;
  downloadResult(jobId: string, index: number, alteration?: Alteration): Promise<Answer<DownloadedFile>>;
  /** All results by file name. */
  downloadResults(jobId: string): Promise<Answer<ReadonlyMap<string, DownloadedFile>>>;
  /** Order of an access service by the actor for itself; the answer is the transaction to name. */
  orderAccess(asset: PublishedAsset, options?: { readonly serviceId?: string }): Promise<Answer<string>>;
  /** A direct download of an asset's file, not of a result. */
  download(
    asset: PublishedAsset,
    options: {
      readonly transferTxId: string;
      readonly fileIndex?: number;
      readonly serviceId?: string;
      readonly alteration?: Alteration;
    },
  ): Promise<Answer<DownloadedFile>>;
  /** The last one that the Provider took; 0 before the first. @throws WavetankError NONCE_UNKNOWN when it does not tell */
  nonce(): Promise<string>;
}
