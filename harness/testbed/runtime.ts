import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import type { Net } from '../../core/net.ts';
import type { S3Keys } from '../storage/existing/s3-account.ts';
import type { PartListener } from './parts-log.ts';

/** What a testbed runs with besides its configuration. */
export interface TestbedRuntime {
  readonly clock?: Clock;
  readonly entropy?: Entropy;
  /** Connections of a component's next instance, by the component's name in the log. Default `createNet`. */
  readonly newNet?: (part: string) => Net;
  /** Of the S3 that `storage: existing` uses; they are no part of the configuration, which goes into reports. */
  readonly s3Keys?: S3Keys | undefined;
  /** Ends a start that is under way; what was started is stopped. */
  readonly signal?: AbortSignal;
  /** Every log record of every part. */
  readonly onPartLog?: PartListener;
  /** Lines of the trace so far, for `observe.traceLines`. */
  readonly traceLines?: () => readonly string[];
}
