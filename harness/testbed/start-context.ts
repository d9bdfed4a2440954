import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import type { Native } from '../../core/native.ts';
import type { Net } from '../../core/net.ts';
import type { ResourceStack } from '../../core/resource.ts';
import type { ResolvedTestbedConfig } from '../config/resolved-config.ts';
import type { S3Keys } from '../storage/existing/s3-account.ts';
import type { PartsLog } from './parts-log.ts';
import type { Stages } from './stages.ts';

/** What every part of the start works with. */
export interface StartContext {
  readonly config: ResolvedTestbedConfig;
  /** The instance's folder. */
  readonly folder: string;
  readonly stack: ResourceStack;
  readonly stages: Stages;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly native: Native;
  readonly log: PartsLog;
  /** The harness's own connections: it sees everything and is never killed. */
  readonly net: Net;
  /** Of the S3 that is there already, where there is one. */
  readonly s3Keys?: S3Keys | undefined;
  /** Of a component's next instance. */
  readonly newNet: (part: string) => Net;
}
