import { FINALIZERS } from '../api/names.ts';
import { GATE_CONTAINER, GATE_GREETING } from './manifests/gate-container.ts';
import type { ContainerStatus, Pod } from '../kubernetes/pod-types.ts';

/** A pod of a job, classified once; policies read this and never a pod. */
export interface PodView {
  readonly uid: string;
  readonly node: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When its deletion was asked for. */
  readonly deletingSince: number | undefined;
  readonly isHeld: boolean;
  readonly activeDeadlineSeconds: number | undefined;
  /** What `activeDeadlineSeconds` counts from. */
  readonly kubeletStartedAt: number | undefined;
  readonly ip: string | undefined;
  /** What this pod's gate says to a canary; undefined where there is no gate. */
  readonly gateGreeting: string | undefined;
  readonly imageId: string | undefined;
  /** RFC 3339, of the main container; kept when it has ended. */
  readonly startedAt: string | undefined;
  readonly state: 'waiting' | 'running' | 'ended';
  readonly waiting: PodWait | undefined;
  readonly end: PodEnd | undefined;
}

export interface PodWait {
  readonly kind: 'scheduling' | 'image' | 'config' | 'volume' | 'gate' | 'start';
  /** CamelCase, the cluster's own word. */
  readonly reason: string;
  readonly message: string;
  /** Nothing but a change of the pod can help. */
  readonly isHopeless: boolean;
}

export interface PodEnd {
  readonly isSuccess: boolean;
  /** Whether the main container ever ran. */
  readonly hasStarted: boolean;
  readonly exitCode: number | undefined;
  readonly signal: number | undefined;
  readonly isOomKilled: boolean;
  /** DeadlineExceeded, Evicted, OOMKilled, Error, Completed … */
  readonly reason: string;
  /** The kubelet's words about the pod, the runtime's about an init container that it could not start. Never a container's own: an algorithm writes that. */
  readonly message: string;
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  /** Exit code of an init container that failed. */
  readonly gateExitCode: number | undefined;
  /** The container that the runtime could not start, so that no instruction of the pod's later containers ran either. */
  readonly startError: 'init' | 'main' | undefined;
}

const IMAGE_REASONS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
]);
/** No later attempt gives another answer. */
const HOPELESS_REASONS = new Set([
  'ErrImageNeverPull',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

/** The runtime's reason for a container that it could not start. It has no process, and exit code 128. */
const START_ERROR = 'StartError';

/** Reasons of a pod's status that mean: the cluster took it away, it did not fail by itself. */
const DISRUPTIONS = new Set([
  'Evicted',
  'NodeLost',
  'NodeShutdown',
  'Terminated',
  'Preempting',
  'UnexpectedAdmissionError',
  'Shutdown',
]);

export function isDisruption(reason: string): boolean {
  return DISRUPTIONS.has(reason);
}

export function viewPod(pod: Pod): PodView {
  const { metadata, spec, status = {} } = pod;
  const main = status.containerStatuses?.[0];
  const end = endOf(pod, main);
  const startedAt = main?.state?.running?.startedAt ?? main?.state?.terminated?.startedAt ?? undefined;
  return {
    uid: metadata.uid ?? '',
    node: spec.nodeName,
    createdAt: millisecondsOf(metadata.creationTimestamp) ?? 0,
    deletingSince: deletionRequestedAt(metadata),
    isHeld: metadata.finalizers?.includes(FINALIZERS.outcome) ?? false,
    activeDeadlineSeconds: spec.activeDeadlineSeconds,
    kubeletStartedAt: millisecondsOf(status.startTime),
    ip: status.podIP,
    gateGreeting: gateGreetingOf(pod),
    imageId: main?.imageID || undefined,
    startedAt,
    state: end !== undefined ? 'ended' : main?.state?.running === undefined ? 'waiting' : 'running',
    waiting: end !== undefined || main?.state?.running !== undefined ? undefined : waitOf(pod, main),
    end,
  };
}

function gateGreetingOf({ spec }: Pod): string | undefined {
  const env = spec.initContainers?.find(({ name }) => name === GATE_CONTAINER)?.env;
  return env?.find(({ name }) => name === GATE_GREETING)?.value;
}

function deletionRequestedAt({
  deletionTimestamp,
  deletionGracePeriodSeconds = 0,
}: Pod['metadata']): number | undefined {
  const goneBy = millisecondsOf(deletionTimestamp);
  return goneBy === undefined ? undefined : goneBy - deletionGracePeriodSeconds * 1000;
}

function endOf(pod: Pod, main: ContainerStatus | undefined): PodEnd | undefined {
  const { status = {}, metadata, spec } = pod;
  const isOver = status.phase === 'Succeeded' || status.phase === 'Failed';
  // Deleted before it had a node: no kubelet will ever touch it, and the scheduler leaves it alone.
  const isStillborn = metadata.deletionTimestamp !== undefined && spec.nodeName === undefined;
  if (!isOver && !isStillborn) return undefined;
  const terminated = main?.state?.terminated;
  // The kubelet writes a made-up "terminated" for a container that it never saw start.
  const hasStarted =
    terminated !== undefined && terminated.reason !== 'ContainerStatusUnknown' && isTime(terminated.startedAt);
  const gate = status.initContainerStatuses
    ?.map((one) => one.state?.terminated)
    .find((state) => (state?.exitCode ?? 0) !== 0);
  const isGateUnstarted = gate?.reason === START_ERROR;
  return {
    isSuccess: status.phase === 'Succeeded',
    hasStarted,
    exitCode: hasStarted ? terminated.exitCode : undefined,
    signal: hasStarted ? signalOf(terminated.exitCode, terminated.signal) : undefined,
    isOomKilled: terminated?.reason === 'OOMKilled',
    reason: status.reason ?? terminated?.reason ?? gate?.reason ?? (isStillborn ? 'Deleted' : 'Unknown'),
    message: status.message ?? (isGateUnstarted ? (gate.message ?? '') : ''),
    startedAt: hasStarted ? (terminated.startedAt ?? undefined) : undefined,
    finishedAt: terminated?.finishedAt ?? undefined,
    gateExitCode: gate?.exitCode,
    startError: isGateUnstarted ? 'init' : terminated?.reason === START_ERROR ? 'main' : undefined,
  };
}

/** A shell reports a child's death by signal as 128 + its number. */
function signalOf(exitCode: number, signal: number | undefined): number | undefined {
  if (signal !== undefined && signal > 0) return signal;
  return exitCode > 128 && exitCode <= 128 + 64 ? exitCode - 128 : undefined;
}

function waitOf(pod: Pod, main: ContainerStatus | undefined): PodWait {
  const { status = {}, spec } = pod;
  if (spec.nodeName === undefined) return schedulingWait(status.conditions);
  const all = [...(status.initContainerStatuses ?? []), ...(main === undefined ? [] : [main])];
  const stuck = all
    .map((one) => one.state?.waiting)
    .find((waiting) => waiting?.reason !== undefined && isTrouble(waiting.reason));
  if (stuck?.reason !== undefined) {
    const kind = IMAGE_REASONS.has(stuck.reason) ? 'image' : 'config';
    return { kind, reason: stuck.reason, message: stuck.message ?? '', isHopeless: HOPELESS_REASONS.has(stuck.reason) };
  }
  const gate = status.initContainerStatuses?.find((one) => one.state?.running !== undefined);
  if (gate !== undefined) return { kind: 'gate', reason: 'GateClosed', message: '', isHopeless: false };
  const reason = main?.state?.waiting?.reason ?? 'ContainerCreating';
  return { kind: 'start', reason, message: main?.state?.waiting?.message ?? '', isHopeless: false };
}

function isTrouble(reason: string): boolean {
  return IMAGE_REASONS.has(reason) || HOPELESS_REASONS.has(reason) || reason === 'CrashLoopBackOff';
}

function schedulingWait(conditions: NonNullable<Pod['status']>['conditions'] = []): PodWait {
  const scheduled = conditions.find((condition) => condition.type === 'PodScheduled' && condition.status === 'False');
  const message = scheduled?.message ?? '';
  const kind = /persistentvolumeclaim|volume/i.test(message) ? 'volume' : 'scheduling';
  return { kind, reason: scheduled?.reason ?? 'Unscheduled', message, isHopeless: false };
}

/** Milliseconds since the epoch, or undefined for what is no time. */
export function millisecondsOf(time: string | null | undefined): number | undefined {
  if (time === undefined || time === null) return undefined;
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? undefined : ms;
}

function isTime(time: string | null | undefined): boolean {
  // The zero time of Go stands for "never".
  return (millisecondsOf(time) ?? 0) > 0;
}
