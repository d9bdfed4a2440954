import type { Stage } from '../api/names.ts';
import type { WorkFlow } from '../api/workflow.ts';
import type { Action, Plan } from './actions.ts';
import { steps } from './actions.ts';
import { GATE_NEVER_CLOSED } from './ends.ts';
import type { Observation } from './observation.ts';
import type { PodView } from './pod-view.ts';
import { isDisruption } from './pod-view.ts';

/** Of all stages of a job together: a node that fails oftener has more than a bad moment. */
const MOST_FAILED_STARTS = 2;

/**
 * A pod that failed before anything foreign could run in it makes room for another: the runtime of a busy node could not start our
 * container, or the gate died. Written down before it is deleted, since a compute pod that is merely missing may have run its
 * algorithm. The algorithm's own container is another matter: what keeps it from starting is mostly its entrypoint, and the job's end says so.
 */
export function planFailedStart({ workflow, pods }: Observation, stage: Stage): Plan | undefined {
  const pod = pods[stage];
  const { status } = workflow;
  if (pod === undefined || status === undefined) return undefined;
  const clearing: Action[][] = [
    pod.isHeld ? [{ do: 'releasePod', uid: pod.uid }] : [],
    pod.deletingSince === undefined ? [{ do: 'deletePod', stage, uid: pod.uid }] : [],
  ];
  if (isFailedStart(workflow, pod.uid)) return clearing.flat().length > 0 ? steps(...clearing) : undefined;
  const failedStarts = status.failedStarts ?? [];
  const isWanted = status.stop === undefined && pod.deletingSince === undefined;
  if (!isWanted || !hasFailedBefore(pod, stage) || failedStarts.length >= MOST_FAILED_STARTS) return undefined;
  return steps([{ do: 'writeStatus', status: { failedStarts: [...failedStarts, pod.uid] } }], ...clearing);
}

/** Whether a pod is written down as one in which nothing foreign ever ran. */
export function isFailedStart({ status }: WorkFlow, uid: string): boolean {
  return status?.failedStarts?.includes(uid) ?? false;
}

/** Init containers come first, so behind a gate that failed there was no algorithm; one that found the network open has done its work. */
function hasFailedBefore({ end }: PodView, stage: Stage): boolean {
  if (end === undefined || isDisruption(end.reason)) return false;
  if (stage !== 'compute') return end.startError !== undefined;
  return end.gateExitCode !== undefined && end.gateExitCode !== GATE_NEVER_CLOSED;
}
