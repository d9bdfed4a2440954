import type { Stage } from '../api/names.ts';
import type { WorkFlow } from '../api/workflow.ts';
import type { Action, Plan } from './actions.ts';
import { steps } from './actions.ts';
import type { Observation } from './observation.ts';
import type { PodView } from './pod-view.ts';

/** Of all stages of a job together: a node that fails oftener has more than a bad moment. */
const MOST_FAILED_STARTS = 2;

/**
 * A pod whose first container of ours the runtime could not start makes room for another: a busy node's runtime fails now and then.
 * Written down before it is deleted, since nothing in it ever ran and a compute pod that is merely missing may have. The
 * algorithm's own container is another matter: what keeps it from starting is mostly its entrypoint, and the job's end says so.
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
  if (!isWanted || !isOursUnstarted(pod, stage) || failedStarts.length >= MOST_FAILED_STARTS) return undefined;
  return steps([{ do: 'writeStatus', status: { failedStarts: [...failedStarts, pod.uid] } }], ...clearing);
}

/** Whether a pod is written down as one in which nothing ever ran. */
export function isFailedStart({ status }: WorkFlow, uid: string): boolean {
  return status?.failedStarts?.includes(uid) ?? false;
}

function isOursUnstarted({ end }: PodView, stage: Stage): boolean {
  return stage === 'compute' ? end?.startError === 'init' : end?.startError !== undefined;
}
