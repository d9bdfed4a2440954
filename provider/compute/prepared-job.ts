import type { AlgorithmContainer } from '../../core/protocol/workflow.ts';
import type { AssetService } from '../asset/asset.ts';
import type { Chain } from '../chain/chains.ts';
import type { ServedFiles } from '../foreign/server-of.ts';
import type { Environment } from './environments.ts';

type Userdata = Readonly<Record<string, unknown>> | undefined;

export interface PreparedDataset extends ServedFiles {
  readonly field: string;
  readonly source: AssetService;
  readonly transferTxId: string | undefined;
  readonly userdata: Userdata;
}

/** Of bytes that were hashed here, or whose Provider says what they are: whoever runs them compares. */
export interface AlgorithmDigest {
  readonly checksum: string;
  readonly length: number | undefined;
}

export interface PublishedAlgorithm extends ServedFiles {
  readonly kind: 'published';
  readonly source: AssetService;
  /** In file order; empty when nobody needed them. */
  readonly digests: readonly AlgorithmDigest[];
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
