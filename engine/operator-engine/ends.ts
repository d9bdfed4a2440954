import type { JobPhase } from '../../core/protocol/job-status.ts';
import type { ComputeOutcome, WorkFlow, WorkFlowStatus } from '../api/workflow.ts';
import type { PodEnd, PodView, PodWait } from './pod-view.ts';
import { isDisruption, millisecondsOf } from './pod-view.ts';
import type { Observation } from './observation.ts';
import { withCondition } from './conditions.ts';

export type Details = NonNullable<WorkFlowStatus['details']>;

/** The init container's word for: it could reach what it must not. */
export const GATE_NEVER_CLOSED = 47;

export interface JobEnd {
  readonly phase: JobPhase;
  readonly runConsumed: boolean;
  readonly details: Details;
  readonly outcome?: ComputeOutcome;
}

/** The status of an ended job: its end, its time, and whether the run counts as paid for. */
export function endStatus(observation: Observation, end: JobEnd): Partial<WorkFlowStatus> {
  const { workflow, now } = observation;
  const details = { ...workflow.status?.details, ...end.details };
  const reason = String(details['reason'] ?? 'Completed');
  return {
    phase: end.phase,
    finishedAt: timeOf(now),
    runConsumed: end.runConsumed,
    details,
    ...(end.outcome === undefined ? {} : { outcome: end.outcome }),
    conditions: withCondition(
      workflow.status?.conditions,
      { type: 'Finished', status: 'True', reason, message: String(details['message'] ?? '') },
      now,
    ),
  };
}

/** What became of the algorithm, which a status may know to have run also where its pod no longer says so. Only `succeeded`, `failed`, `timeLimit` and `stopped` have run to an end of their own. */
export function outcomeOf(workflow: WorkFlow, pod: PodView, end: PodEnd): ComputeOutcome {
  const startedAt = startOf(workflow, end);
  return {
    kind: outcomeKind(workflow, pod, end),
    reason: end.reason,
    ...(end.exitCode === undefined ? {} : { exitCode: end.exitCode }),
    ...(end.signal === undefined ? {} : { signal: end.signal }),
    ...(end.isOomKilled ? { oomKilled: true } : {}),
    ...(end.message === '' ? {} : { message: bounded(end.message) }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(end.finishedAt === undefined ? {} : { finishedAt: end.finishedAt }),
  };
}

/** A kubelet that lost the container tells of one that never started; who saw it run knows better. */
function startOf({ status }: WorkFlow, end: PodEnd): string | undefined {
  return end.startedAt ?? status?.computePod?.startedAt;
}

function outcomeKind(workflow: WorkFlow, pod: PodView, end: PodEnd): ComputeOutcome['kind'] {
  if (end.isSuccess) return 'succeeded';
  if (isDisruption(end.reason)) return 'interrupted';
  if (startOf(workflow, end) === undefined) return 'neverStarted';
  const isStopped = workflow.status?.stop !== undefined;
  if (isKilledByDeletion(pod, end)) return isStopped ? 'stopped' : 'interrupted';
  if (end.reason === 'DeadlineExceeded') return isStopped ? 'stopped' : 'timeLimit';
  return end.hasStarted ? 'failed' : 'interrupted';
}

/** Deleted while it ran; a pod that had ended by itself before somebody deleted it keeps its own end. */
function isKilledByDeletion(pod: PodView, end: PodEnd): boolean {
  if (pod.deletingSince === undefined) return false;
  const finishedAt = millisecondsOf(end.finishedAt);
  return finishedAt === undefined || finishedAt >= pod.deletingSince;
}

/** How a job ends after its algorithm ran, given how publishing went. */
export function endAfterPublishing(
  workflow: WorkFlow,
  publishing: { ok: boolean; reason: string; message: string; notPublished?: number },
): JobEnd {
  const outcome = workflow.status?.outcome;
  // What is missing among the results is said with them, never left to be noticed.
  const missing: Details = publishing.notPublished ? { notPublished: publishing.notPublished } : {};
  const details = { ...outcomeDetails(outcome), ...missing };
  if (outcome?.kind !== 'succeeded') {
    const note: Details = publishing.ok ? {} : { publishing: publishing.reason };
    return { phase: phaseOfOutcome(outcome), runConsumed: true, details: { ...details, ...note } };
  }
  if (publishing.ok) return { phase: 'finished', runConsumed: true, details };
  const hasResults = (workflow.status?.results?.length ?? 0) > 0;
  return {
    phase: 'publishingFailed',
    // A run of which nothing was delivered is given back.
    runConsumed: hasResults,
    details: { ...details, reason: publishing.reason, message: bounded(publishing.message) },
  };
}

function phaseOfOutcome(outcome: ComputeOutcome | undefined): JobPhase {
  switch (outcome?.kind) {
    case 'succeeded':
      return 'finished';
    case 'timeLimit':
      return 'timeLimitReached';
    case 'stopped':
      return 'stopped';
    case 'failed':
      return 'algorithmFailed';
    case 'neverStarted':
      return 'containerCreationFailed';
    case 'interrupted':
    case undefined:
      return 'interrupted';
  }
}

export function outcomeDetails(outcome: ComputeOutcome | undefined): Details {
  if (outcome === undefined) return {};
  const { exitCode, signal, oomKilled, reason } = outcome;
  return {
    reason,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    ...(oomKilled ? { oomKilled } : {}),
  };
}

/** The end of a job whose algorithm never ran, or whose run is given back. */
export function endWithout(phase: JobPhase, details: Details, outcome?: ComputeOutcome): JobEnd {
  const message = details['message'];
  const kept = typeof message === 'string' ? { ...details, message: bounded(message) } : details;
  return { phase, runConsumed: false, details: kept, ...(outcome === undefined ? {} : { outcome }) };
}

/** The end of a job that waited too long for a pod: 21 when it was for want of its volume, else 22. */
export function endOfWait(observation: Observation, waiting: PodWait): JobEnd {
  const isVolume =
    waiting.kind === 'volume' || (observation.volume?.phase === 'Pending' && waiting.kind === 'scheduling');
  return endWithout(
    isVolume || observation.volume?.phase === 'Lost' ? 'volumeCreationFailed' : 'containerCreationFailed',
    {
      reason: waiting.reason,
      message: waiting.message,
    },
  );
}

/** Why a pod that does not start will not, or undefined while it may still. */
export function startFailure(
  observation: Observation,
  pod: PodView,
  limits: { schedulingMs: number; imageMs: number; startMs: number },
): PodWait | undefined {
  const { waiting } = pod;
  if (waiting === undefined) return undefined;
  return waiting.isHopeless || observation.now >= startDeadline(pod, limits) ? waiting : undefined;
}

export function startDeadline(
  pod: PodView,
  limits: { schedulingMs: number; imageMs: number; startMs: number },
): number {
  const kind = pod.waiting?.kind;
  const isUnplaced = kind === 'scheduling' || kind === 'volume';
  return pod.createdAt + (isUnplaced ? limits.schedulingMs : kind === 'image' ? limits.imageMs : limits.startMs);
}

/** Long enough to understand, too short to carry data out. */
export function bounded(message: string): string {
  return message.length <= 300 ? message : `${message.slice(0, 299)}…`;
}

/** RFC 3339 with milliseconds. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
