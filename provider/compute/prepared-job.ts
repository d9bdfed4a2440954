import type { AlgorithmContainer } from '../../core/protocol/workflow.ts';
import type { AssetService } from '../asset/asset.ts';
import type { Chain } from '../chain/chains.ts';
import type { FileObject } from '../files/file-object.ts';
import type { FileDigest } from '../files/checksums.ts';
import type { ForeignProvider } from '../foreign/foreign-providers.ts';
import type { Environment } from './environments.ts';

type Userdata = Readonly<Record<string, unknown>> | undefined;

export interface PreparedDataset {
  readonly field: string;
  readonly source: AssetService;
  /** None where another Provider serves them. */
  readonly files: readonly FileObject[];
  /** Who serves the files; undefined: this Provider. */
  readonly foreign: ForeignProvider | undefined;
  readonly transferTxId: string | undefined;
  readonly userdata: Userdata;
}

export interface PublishedAlgorithm {
  readonly kind: 'published';
  readonly source: AssetService;
  readonly files: readonly FileObject[];
  /** In file order; empty when nobody needed them. */
  readonly digests: readonly FileDigest[];
  readonly container: AlgorithmContainer;
  readonly transferTxId: string | undefined;
  readonly userdata: Userdata;
  readonly customData: unknown;
}

export interface RawAlgorithm {
  readonly kind: 'raw';
  readonly rawcode: string;
  readonly container: AlgorithmContainer;
  readonly userdata: Userdata;
  readonly customData: unknown;
}

export type PreparedAlgorithm = PublishedAlgorithm | RawAlgorithm;

/** A job whose every element exists and may be used by the consumer; nothing is said about payment yet. */
export interface PreparedJob {
  readonly consumer: string;
  readonly chain: Chain;
  readonly environment: Environment;
  readonly datasets: readonly PreparedDataset[];
  readonly algorithm: PreparedAlgorithm;
}
