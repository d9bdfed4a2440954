import type { Actor, Checks, ComputeJob, ComputeOrder, StartOptions } from '../../harness/index.ts';
import { JOB_STATUS } from '../../harness/index.ts';

/** Every job that the case started, by id, with what it was for. */
export interface JobLog {
  add(jobId: string, purpose: string): void;
  ids(): readonly string[];
  purposeOf(jobId: string): string | undefined;
}

export function openJobLog(): JobLog {
  const purposes = new Map<string, string>();
  return {
    add: (jobId, purpose) => void purposes.set(jobId, purpose),
    ids: () => [...purposes.keys()],
    purposeOf: (jobId) => purposes.get(jobId),
  };
}

/** Longer than any job of the case takes on a slow machine. */
const JOB_TIMEOUT_MS = 180_000;

export interface EndedJob {
  readonly job: ComputeJob;
  /** Every state as the consumer was told of it. */
  readonly told: readonly ComputeJob[];
}

/** Starts, and waits to be told of the end. A refused start ends the step. */
export async function startAndFollow(
  check: Checks,
  { jobs }: { readonly jobs: JobLog },
  purpose: string,
  {
    actor,
    order,
    options = {},
  }: { readonly actor: Actor; readonly order: ComputeOrder; readonly options?: StartOptions },
): Promise<EndedJob> {
  const { jobId } = check.accepted(`${purpose}: the start is accepted`, await actor.startCompute(order, options));
  jobs.add(jobId, purpose);
  return followToEnd(actor, jobId);
}

export async function followToEnd(
  actor: Actor,
  jobId: string,
  onChange: (state: ComputeJob) => void = () => undefined,
): Promise<EndedJob> {
  const told: ComputeJob[] = [];
  const job = await actor.follow(jobId, {
    timeoutMs: JOB_TIMEOUT_MS,
    onChange(state) {
      told.push(state);
      onChange(state);
    },
  });
  return { job, told };
}

/** Number and words of a job's state, as checks compare them. */
export function stateOf({ status, statusText }: ComputeJob): string {
  return `${status} ${statusText}`;
}

export function endedAs(phase: keyof typeof JOB_STATUS): string {
  const { code, text } = JOB_STATUS[phase];
  return `${code} ${text}`;
}
