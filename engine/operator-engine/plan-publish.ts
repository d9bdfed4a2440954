import type { Action, Plan } from './actions.ts';
import { steps } from './actions.ts';
import * as ends from './ends.ts';
import type { Observation } from './observation.ts';
import type { PodView } from './pod-view.ts';
import { isDisruption, millisecondsOf } from './pod-view.ts';
import { planFailedStart } from './plan-failed-start.ts';
import type { PlanSettings } from './settings.ts';
import { startLimits } from './start-limits.ts';

/**
 * From the outcome to the end. Outputs and log are published also when the algorithm failed, was stopped or ran out of time:
 * they were paid for. A stop asked for during publishing ends it; there are results only if pod-publish still reports before it is gone.
 */
export function planPublish(observation: Observation, settings: PlanSettings): Plan {
  const clearing = planFailedStart(observation, 'publish');
  if (clearing !== undefined) return clearing;
  const end = publishEnd(observation, settings);
  if (end !== undefined) return steps([{ do: 'writeStatus', status: ends.endStatus(observation, end) }]);
  const { pods, hasPolicies } = observation;
  const actions: Action[] = [];
  if (pods.compute?.isHeld) actions.push({ do: 'releasePod', uid: pods.compute.uid });
  const lookAgainAt = nextLook(observation, settings);
  // Taken away by the cluster: what is to be published lies on the volume still, so another one goes on.
  if (pods.publish?.end !== undefined && pods.publish.deletingSince === undefined)
    actions.push({ do: 'deletePod', stage: 'publish', uid: pods.publish.uid });
  if (pods.publish !== undefined || !hasPolicies) return { ...steps(actions), lookAgainAt };
  const node = pods.compute?.node ?? observation.workflow.status?.computePod?.node;
  return {
    ...steps([{ do: 'createToken', stage: 'publish' }], [...actions, { do: 'createPod', stage: 'publish', node }]),
    lookAgainAt,
  };
}

function publishEnd(observation: Observation, settings: PlanSettings): ends.JobEnd | undefined {
  const { workflow, pods, refusal, environment, now } = observation;
  const { status } = workflow;
  const failed = (reason: string, message = ''): ends.JobEnd =>
    ends.endAfterPublishing(workflow, { ok: false, reason, message });
  const report = status?.reports?.publish;
  if (report?.ok) {
    const notPublished = report.notPublished ?? report.refused.length;
    return ends.endAfterPublishing(workflow, { ok: true, reason: 'Published', message: '', notPublished });
  }
  if (report !== undefined) return failed(report.code ?? 'PublishingFailed', report.message);
  if (status?.stop?.phase === 'publishingResults') {
    const details = ends.outcomeDetails(status.outcome);
    return { phase: 'stopped', runConsumed: true, details: { ...details, reason: 'StoppedWhilePublishing' } };
  }
  if (refusal !== undefined) return failed(refusal.reason, refusal.message);
  if (environment === undefined && pods.publish === undefined) return failed('EnvironmentNotFound');
  const pod = pods.publish;
  if (pod?.end !== undefined && !isTakenAway(pod))
    return failed(pod.end.isSuccess ? 'NoReport' : pod.end.reason, pod.end.message);
  const stuck = pod && ends.startFailure(observation, pod, startLimits(settings));
  if (stuck !== undefined) return failed(stuck.reason, stuck.message);
  return now >= publishDeadline(observation, settings) ? failed('PublishingTimeout') : undefined;
}

/** Deleted or evicted: its end is no failure of its own. */
function isTakenAway({ deletingSince, end }: PodView): boolean {
  return deletingSince !== undefined || isDisruption(end?.reason ?? '');
}

function nextLook(observation: Observation, settings: PlanSettings): number {
  const deadline = publishDeadline(observation, settings);
  const pod = observation.pods.publish;
  if (pod?.waiting === undefined) return deadline;
  return Math.min(deadline, ends.startDeadline(pod, startLimits(settings)));
}

function publishDeadline({ workflow, now }: Observation, settings: PlanSettings): number {
  const ended = workflow.status?.conditions?.find((condition) => condition.type === 'ComputeEnded');
  return (millisecondsOf(ended?.lastTransitionTime) ?? now) + settings.deadlines.publishSeconds * 1000;
}
