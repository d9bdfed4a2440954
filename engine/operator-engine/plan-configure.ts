import { objectNames } from '../api/names.ts';
import type { Plan } from './actions.ts';
import { steps, wait } from './actions.ts';
import { withCondition } from './conditions.ts';
import type { JobEnd } from './ends.ts';
import { endOfWait, endStatus, endWithout, startDeadline, startFailure, timeOf } from './ends.ts';
import type { Observation } from './observation.ts';
import { isDisruption, millisecondsOf } from './pod-view.ts';
import { planFailedStart } from './plan-failed-start.ts';
import type { PlanSettings } from './settings.ts';
import { startLimits } from './start-limits.ts';

/** Until the data and the algorithm lie on the volume, or it is known that they never will. */
export function planConfigure(observation: Observation, settings: PlanSettings): Plan {
  const { workflow, pods, hasPolicies } = observation;
  const clearing = planFailedStart(observation, 'configure');
  if (clearing !== undefined) return clearing;
  const end = configureEnd(observation, settings);
  if (end !== undefined) return steps([{ do: 'writeStatus', status: endStatus(observation, end) }]);
  if (workflow.status?.reports?.configure?.ok) return steps([{ do: 'writeStatus', status: intent(observation) }]);
  const deadline = configureDeadline(observation, settings);
  const pod = pods.configure;
  if (pod !== undefined) {
    const startBy = pod.waiting === undefined ? deadline : startDeadline(pod, startLimits(settings));
    return wait(Math.min(deadline, startBy));
  }
  if (!hasPolicies) return wait(deadline);
  // Also after somebody deleted it: fetching again is harmless, running again would not be.
  return {
    ...steps(
      [{ do: 'createToken', stage: 'configure' }, { do: 'createVolume' }],
      [{ do: 'createPod', stage: 'configure', node: undefined }],
    ),
    lookAgainAt: deadline,
  };
}

function configureEnd(observation: Observation, settings: PlanSettings): JobEnd | undefined {
  const { workflow, refusal, environment, volume, pods, now } = observation;
  const { status } = workflow;
  if (status?.stop !== undefined) return endWithout('stopped', { reason: 'StoppedBeforeStart' });
  if (refusal !== undefined) {
    const phase = refusal.of === 'volume' ? 'volumeCreationFailed' : 'containerCreationFailed';
    return endWithout(phase, { reason: refusal.reason, message: refusal.message });
  }
  const report = status?.reports?.configure;
  if (report?.ok) return undefined;
  if (report !== undefined) {
    const phase = report.failed === 'algorithm' ? 'algorithmProvisioningFailed' : 'dataProvisioningFailed';
    return endWithout(phase, { reason: report.code ?? 'ProvisioningFailed', message: report.message ?? '' });
  }
  if (environment === undefined) return endWithout('containerCreationFailed', { reason: 'EnvironmentNotFound' });
  if (volume?.phase === 'Lost') return endWithout('volumeCreationFailed', { reason: 'VolumeLost' });
  const pod = pods.configure;
  // Somebody deleted it: its end is no failure of its own, and when it is gone there will be another.
  if (pod?.end !== undefined && pod.deletingSince === undefined) return endOfPod(pod.end);
  const stuck = pod && startFailure(observation, pod, startLimits(settings));
  if (stuck !== undefined) return endOfWait(observation, stuck);
  if (now >= configureDeadline(observation, settings))
    return endWithout('dataProvisioningFailed', { reason: 'ProvisioningTimeout' });
  return undefined;
}

/** It ended without a word to the broker. */
function endOfPod(end: { isSuccess: boolean; reason: string; message: string; exitCode: number | undefined }): JobEnd {
  if (isDisruption(end.reason)) return endWithout('interrupted', { reason: end.reason, message: end.message });
  const reason = end.isSuccess ? 'NoReport' : end.reason;
  const exitCode = end.exitCode === undefined ? {} : { exitCode: end.exitCode };
  return endWithout('dataProvisioningFailed', { reason, message: end.message, ...exitCode });
}

function configureDeadline({ workflow, now }: Observation, settings: PlanSettings): number {
  return (millisecondsOf(workflow.status?.acceptedAt) ?? now) + settings.deadlines.configureSeconds * 1000;
}

/** Written while pod-configure is still on its way out, so that compute need not wait for it. */
function intent({ workflow, now }: Observation): ReturnType<typeof endStatus> {
  const { spec, status } = workflow;
  return {
    phase: 'provisioned',
    computeIntent: { pod: objectNames.pod(spec.jobId, 'compute'), at: timeOf(now) },
    conditions: withCondition(
      status?.conditions,
      { type: 'Provisioned', status: 'True', reason: 'Verified', message: '' },
      now,
    ),
  };
}
