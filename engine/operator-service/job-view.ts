import type { ComputeJob, JobPhase, JobResult } from '../../core/protocol/job-status.ts';
import { JOB_STATUS } from '../../core/protocol/job-status.ts';
import type { ComputeOutcome, StoredResult, WorkFlow } from '../api/workflow.ts';
import type { JobRecord } from '../archive/record.ts';
import { stopOf } from '../archive/record.ts';

/** A job as clients read it, from a live WorkFlow. */
export function viewOfWorkflow(workflow: WorkFlow): ComputeJob {
  const { spec, status, metadata } = workflow;
  return view({
    ...spec,
    algorithmDid: spec.algorithm.did,
    inputDids: spec.inputs.map((input) => input.did),
    phase: status?.phase ?? 'warmingUp',
    stop: stopOf(workflow),
    createdAt: metadata.creationTimestamp ?? '',
    finishedAt: status?.finishedAt,
    outcome: status?.outcome,
    details: status?.details,
    runConsumed: status?.runConsumed,
    results: status?.results ?? [],
  });
}

/** The same from the archive. */
export function viewOfRecord(record: JobRecord): ComputeJob {
  return view({
    ...record,
    finishedAt: record.finishedAt,
    outcome: record.outcome,
    details: record.details,
    runConsumed: record.runConsumed,
  });
}

interface JobFacts {
  readonly jobId: string;
  readonly owner: string;
  readonly agreementId: string;
  readonly environment: string;
  readonly algorithmDid: string;
  readonly inputDids: readonly string[];
  readonly phase: JobPhase;
  readonly stop: 0 | 1 | 2;
  readonly createdAt: string;
  readonly finishedAt: string | undefined;
  readonly outcome: ComputeOutcome | undefined;
  readonly details: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly runConsumed: boolean | undefined;
  readonly results: readonly StoredResult[];
}

function view(job: JobFacts): ComputeJob {
  const details = detailsOf(job);
  return {
    agreementId: job.agreementId,
    jobId: job.jobId,
    owner: job.owner,
    status: JOB_STATUS[job.phase].code,
    statusText: JOB_STATUS[job.phase].text,
    dateCreated: epochSeconds(job.createdAt),
    dateFinished: job.finishedAt === undefined ? null : epochSeconds(job.finishedAt),
    results: job.results.length === 0 ? '' : job.results.map(resultView),
    stopreq: job.stop,
    removed: 0,
    algoDID: job.algorithmDid,
    inputDID: job.inputDids,
    environment: job.environment,
    ...(details ? { details } : {}),
  };
}

function resultView({ index, filename, filesize, type }: StoredResult): JobResult {
  return { index, filename, filesize, type };
}

function detailsOf({ outcome, details, runConsumed }: JobFacts): Record<string, unknown> | undefined {
  const facts: Record<string, unknown> = { ...details };
  if (outcome) {
    const { exitCode, signal, oomKilled, reason } = outcome;
    Object.assign(
      facts,
      { reason },
      exitCode === undefined ? {} : { exitCode },
      signal === undefined ? {} : { signal },
      oomKilled ? { oomKilled } : {},
    );
  }
  if (runConsumed !== undefined) facts['runConsumed'] = runConsumed;
  return Object.keys(facts).length > 0 ? facts : undefined;
}

/** Classic times are decimal seconds in a string. */
function epochSeconds(rfc3339: string): string {
  const ms = Date.parse(rfc3339);
  return Number.isNaN(ms) ? '0' : String(ms / 1000);
}
