import type { ComputeOutcome, StoredResult, WorkFlow } from '../api/workflow.ts';
import type { JobPhase } from '../../core/protocol/job-status.ts';

/** A job after its end, as it lies in the archive: all that a status or a download needs when the WorkFlow has expired. */
export interface JobRecord {
  readonly version: 1;
  readonly jobId: string;
  readonly owner: string;
  readonly provider: string;
  readonly agreementId: string;
  readonly chainId: number;
  readonly environment: string;
  readonly algorithmDid: string;
  readonly inputDids: readonly string[];
  readonly phase: JobPhase;
  readonly stop: 0 | 1 | 2;
  readonly createdAt: string;
  readonly finishedAt: string;
  readonly outcome?: ComputeOutcome;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  readonly runConsumed?: boolean;
  readonly results: readonly StoredResult[];
  /** Unix milliseconds after which the results may go; 0 = never. */
  readonly expiresAt: number;
}

export function recordOf(workflow: WorkFlow, results: readonly StoredResult[], expiresAt: number): JobRecord {
  const { spec, status, metadata } = workflow;
  return {
    version: 1,
    jobId: spec.jobId,
    owner: spec.owner,
    provider: spec.provider,
    agreementId: spec.agreementId,
    chainId: spec.chainId,
    environment: spec.environment,
    algorithmDid: spec.algorithm.did,
    inputDids: spec.inputs.map((input) => input.did),
    phase: status?.phase ?? 'interrupted',
    stop: stopOf(workflow),
    createdAt: metadata.creationTimestamp ?? status?.acceptedAt ?? '',
    finishedAt: status?.finishedAt ?? '',
    ...(status?.outcome ? { outcome: status.outcome } : {}),
    ...(status?.details ? { details: status.details } : {}),
    ...(status?.runConsumed === undefined ? {} : { runConsumed: status.runConsumed }),
    results,
    expiresAt,
  };
}

/** The classic `stopreq`: 1 a stop was asked for, 2 the time was over. */
export function stopOf({ spec, status }: WorkFlow): 0 | 1 | 2 {
  if (spec.stopRequested) return 1;
  return status?.phase === 'timeLimitReached' ? 2 : 0;
}
