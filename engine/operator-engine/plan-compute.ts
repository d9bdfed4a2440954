import type { WorkFlowStatus } from '../api/workflow.ts';
import type { Action, Plan } from './actions.ts';
import { steps, wait } from './actions.ts';
import { withCondition } from './conditions.ts';
import type { JobEnd } from './ends.ts';
import * as ends from './ends.ts';
import { secondsLeft } from './compute-time.ts';
import type { Observation } from './observation.ts';
import type { PodEnd, PodView } from './pod-view.ts';
import { millisecondsOf } from './pod-view.ts';
import { isFailedStart, planFailedStart } from './plan-failed-start.ts';
import type { PlanSettings } from './settings.ts';
import { startLimits } from './start-limits.ts';

/**
 * From the intent to run the algorithm to its outcome. One rule above all: at most one compute pod object per job in which the
 * algorithm could run. The intent is in the status and no such pod was ever seen: it is created. One was seen and is gone: the
 * job was interrupted.
 */
export function planCompute(observation: Observation, settings: PlanSettings): Plan {
  const { workflow, pods } = observation;
  const { status } = workflow;
  const pod = pods.compute;
  const clearing = planFailedStart(observation, 'compute');
  if (clearing !== undefined) return clearing;
  if (pod !== undefined && isFailedStart(workflow, pod.uid)) return planGoing(observation, settings, pod);
  const recorded = status?.computePod;
  const known = recorded && isFailedStart(workflow, recorded.uid) ? undefined : recorded;
  if (pod === undefined)
    return known === undefined ? planCreation(observation, settings) : ended(observation, vanished());
  if (known === undefined) return recordPod(observation, pod);
  // Another object under our name is nobody's run that was paid for.
  if (known.uid !== pod.uid) return ended(observation, vanished());
  if (pod.end !== undefined) return planOutcome(observation, pod, pod.end);
  return pod.state === 'running' ? planRunning(observation, settings, pod) : planStarting(observation, settings, pod);
}

function planCreation(observation: Observation, settings: PlanSettings): Plan {
  const { workflow, pods, now, refusal, environment } = observation;
  const { status, spec } = workflow;
  if (status?.stop !== undefined)
    return ended(observation, ends.endWithout('stopped', { reason: 'StoppedBeforeStart' }));
  if (spec.validUntil > 0 && now >= spec.validUntil * 1000) {
    return ended(observation, ends.endWithout('timeLimitReached', { reason: 'OrderExpiredBeforeStart' }));
  }
  if (refusal !== undefined) {
    return ended(
      observation,
      ends.endWithout('containerCreationFailed', { reason: refusal.reason, message: refusal.message }),
    );
  }
  if (environment === undefined) {
    return ended(observation, ends.endWithout('containerCreationFailed', { reason: 'EnvironmentNotFound' }));
  }
  // The intent is written before the pod is made, always; phase and intent come in one write, so this is somebody's edit.
  if (status?.computeIntent === undefined) {
    return ended(observation, ends.endWithout('interrupted', { reason: 'IntentMissing' }));
  }
  const { configure } = pods;
  const since = millisecondsOf(status.computeIntent.at) ?? now;
  if (configure !== undefined && configure.end === undefined)
    return planLeaving(observation, settings, configure, since);
  const deadline = since + settings.deadlines.startSeconds * 1000;
  if (!observation.isControlGreen || !observation.hasPolicies) {
    return now < deadline
      ? wait(deadline)
      : ended(observation, ends.endWithout('isolationUnavailable', { reason: 'IsolationNotMeasured' }));
  }
  return steps([{ do: 'createPod', stage: 'compute', node: configure?.node }]);
}

/**
 * pod-configure has reported, `since` then, and has nothing left to do. One that does not end is taken away: no algorithm starts while somebody can
 * still write to its volume. (A Node process may hang while it exits: nodejs/node#54918.)
 */
function planLeaving(observation: Observation, { deadlines }: PlanSettings, configure: PodView, since: number): Plan {
  const { now } = observation;
  if (configure.deletingSince === undefined) {
    const leaveBy = since + deadlines.leaveSeconds * 1000;
    return now < leaveBy ? wait(leaveBy) : steps([{ do: 'deletePod', stage: 'configure', uid: configure.uid }]);
  }
  const lostAt = configure.deletingSince + deadlines.lostNodeSeconds * 1000;
  return now < lostAt
    ? wait(lostAt)
    : ended(observation, ends.endWithout('interrupted', { reason: 'NodeUnreachable' }));
}

/** Its uid goes into the status: from here on, a missing pod is a lost one. */
function recordPod({ pods }: Observation, pod: PodView): Plan {
  const node = pod.node === undefined ? {} : { node: pod.node };
  const configure = pods.configure;
  const away: Action[] = configure === undefined ? [] : [{ do: 'deletePod', stage: 'configure', uid: configure.uid }];
  return steps(
    [{ do: 'writeStatus', status: { phase: 'runningAlgorithm', computePod: { uid: pod.uid, ...node } } }],
    // The stage is over and so is its token; the next one's is ready before it is needed.
    [...away, { do: 'deleteToken', stage: 'configure' }, { do: 'createToken', stage: 'publish' }],
  );
}

function planStarting(observation: Observation, settings: PlanSettings, pod: PodView): Plan {
  const { workflow, now } = observation;
  const limits = startLimits(settings);
  if (pod.deletingSince !== undefined) return planGoing(observation, settings, pod);
  const remove: Action = { do: 'deletePod', stage: 'compute', uid: pod.uid };
  if (workflow.status?.stop !== undefined) return steps([remove]);
  const stuck = ends.startFailure(observation, pod, limits);
  if (stuck === undefined) return wait(Math.max(now, ends.startDeadline(pod, limits)));
  // Why comes first: a deleted pod may no longer say it.
  const { details } = ends.endOfWait(observation, stuck);
  return steps([{ do: 'writeStatus', status: { details } }], [remove]);
}

function planRunning(observation: Observation, settings: PlanSettings, pod: PodView): Plan {
  const { workflow, now, isBreached } = observation;
  const status = workflow.status;
  const actions: Action[] = [];
  const isStopping = status?.stop !== undefined || isBreached;
  const left = secondsLeft(observation, pod);
  const seconds = isStopping ? 1 : left.activeDeadlineSeconds;
  if (pod.activeDeadlineSeconds === undefined || pod.activeDeadlineSeconds > seconds) {
    actions.push({ do: 'limitPod', uid: pod.uid, seconds });
  }
  const record = runningStatus(observation, pod);
  if (record !== undefined) actions.push({ do: 'writeStatus', status: record });
  if (actions.length > 0) return steps(actions);
  if (pod.deletingSince !== undefined) return planGoing(observation, settings, pod);
  const lostAt =
    (isStopping ? Math.min(left.endsAt, stopAt(observation)) : left.endsAt) + settings.deadlines.lostNodeSeconds * 1000;
  return now >= lostAt ? ended(observation, unreachable(pod)) : wait(lostAt);
}

function stopAt({ workflow, now }: Observation): number {
  return millisecondsOf(workflow.status?.stop?.at) ?? now;
}

function runningStatus({ workflow, now, isBreached }: Observation, pod: PodView): Partial<WorkFlowStatus> | undefined {
  const { status } = workflow;
  const known = status?.computePod;
  const isNewBreach = isBreached && status?.details?.['breached'] !== true;
  if (known?.startedAt !== undefined && !isNewBreach) return undefined;
  return {
    phase: 'runningAlgorithm',
    ...(isNewBreach ? { details: { ...status?.details, breached: true } } : {}),
    computePod: {
      uid: pod.uid,
      ...(pod.node === undefined ? {} : { node: pod.node }),
      ...(pod.startedAt === undefined ? {} : { startedAt: pod.startedAt }),
      ...(pod.imageId === undefined ? {} : { imageId: pod.imageId }),
    },
    conditions: withCondition(
      status?.conditions,
      { type: 'ComputeStarted', status: 'True', reason: 'Running', message: '' },
      now,
    ),
  };
}

/** It is being deleted: its kubelet says how it ended, unless there is none any more. */
function planGoing(observation: Observation, settings: PlanSettings, pod: PodView): Plan {
  const lostAt = (pod.deletingSince ?? 0) + settings.deadlines.lostNodeSeconds * 1000;
  return observation.now >= lostAt ? ended(observation, unreachable(pod)) : wait(lostAt);
}

function planOutcome(observation: Observation, pod: PodView, end: PodEnd): Plan {
  const { workflow, now } = observation;
  const status = workflow.status;
  const outcome = ends.outcomeOf(workflow, pod, end);
  const special = endWithoutPublishing(observation, pod, end, outcome);
  if (special !== undefined) return ended(observation, special);
  return steps(
    [
      {
        do: 'writeStatus',
        status: {
          phase: 'publishingResults',
          outcome,
          ...(pod.imageId === undefined || status?.computePod === undefined
            ? {}
            : { computePod: { ...status.computePod, imageId: pod.imageId } }),
          conditions: withCondition(
            status?.conditions,
            { type: 'ComputeEnded', status: 'True', reason: outcome.reason, message: '' },
            now,
          ),
        },
      },
      // Its token is there since compute was created; asking again costs nothing and heals a lost one.
      { do: 'createToken', stage: 'publish' },
    ],
    [
      { do: 'createPod', stage: 'publish', node: pod.node },
      { do: 'releasePod', uid: pod.uid },
    ],
  );
}

/** The outcomes after which nothing is published: no run, a run that is given back, or one that must not be trusted. */
function endWithoutPublishing(
  { workflow, isBreached }: Observation,
  pod: PodView,
  end: PodEnd,
  outcome: NonNullable<WorkFlowStatus['outcome']>,
): JobEnd | undefined {
  const known = workflow.status?.details ?? {};
  const details = { ...ends.outcomeDetails(outcome), message: outcome.message ?? '' };
  if (isBreached || known['breached'] === true) {
    return { phase: 'isolationBreached', runConsumed: true, details: { ...details, reason: 'CanaryReached' }, outcome };
  }
  const isOpen = end.gateExitCode === ends.GATE_NEVER_CLOSED;
  // A gate that never started, or that ended because its pod was taken away, says nothing about the network.
  const isTakenAway = pod.deletingSince !== undefined || outcome.kind === 'interrupted';
  if (end.gateExitCode !== undefined && (isOpen || (!isTakenAway && end.startError === undefined))) {
    const phase = isOpen ? 'isolationUnavailable' : 'containerCreationFailed';
    return ends.endWithout(
      phase,
      { reason: isOpen ? 'NeverDenied' : 'GateFailed', gateExitCode: end.gateExitCode },
      outcome,
    );
  }
  if (outcome.kind === 'interrupted') return ends.endWithout('interrupted', details, outcome);
  if (outcome.kind !== 'neverStarted') return undefined;
  if (workflow.status?.stop !== undefined) return ends.endWithout('stopped', { reason: 'StoppedBeforeStart' }, outcome);
  // What it waited for in vain was written down before it was deleted.
  if (known['reason'] !== undefined) return ends.endWithout('containerCreationFailed', {}, outcome);
  if (pod.deletingSince !== undefined) return ends.endWithout('interrupted', details, outcome);
  return ends.endWithout('containerCreationFailed', details, outcome);
}

function vanished(): JobEnd {
  const reason = 'PodDisappeared';
  return ends.endWithout('interrupted', { reason }, { kind: 'interrupted', reason });
}

/** Nobody can tell whether it still runs somewhere, and the status says so. */
function unreachable(pod: PodView): JobEnd {
  const reason = 'NodeUnreachable';
  const startedAt = pod.startedAt === undefined ? {} : { startedAt: pod.startedAt };
  return ends.endWithout('interrupted', { reason, mayStillRun: true }, { kind: 'interrupted', reason, ...startedAt });
}

function ended(observation: Observation, end: JobEnd): Plan {
  return steps([{ do: 'writeStatus', status: ends.endStatus(observation, end) }]);
}
