import { isEndPhase } from '../../core/protocol/job-status.ts';
import { FINALIZERS } from '../api/names.ts';
import type { WorkFlow } from '../api/workflow.ts';
import type { Plan } from './actions.ts';
import { steps, wait } from './actions.ts';
import { endStatus, endWithout, timeOf } from './ends.ts';
import type { Observation } from './observation.ts';
import { planCompute } from './plan-compute.ts';
import { planConfigure } from './plan-configure.ts';
import { planEnded } from './plan-ended.ts';
import { planPublish } from './plan-publish.ts';
import type { PlanSettings } from './settings.ts';

/**
 * What to do next for one job, from what is seen now and nothing else. Pure and total: any observation has a plan, and every
 * plan may be cut short anywhere, since the next look starts from what is there.
 */
export function planWorkflow(observation: Observation, settings: PlanSettings): Plan {
  const { workflow, now } = observation;
  const { status } = workflow;
  const isGoing = workflow.metadata.deletionTimestamp !== undefined;
  const isOurs = workflow.metadata.finalizers?.includes(FINALIZERS.job) ?? false;
  // Without our finalizer it may vanish at any moment: nothing of it may exist before. A deleted one takes no new finalizer.
  if (!isOurs) return isGoing ? wait() : steps([{ do: 'addFinalizer' }]);
  if (status?.finishedAt !== undefined) return planEnded(observation, settings);
  if (isStopAsked(workflow) && status?.stop === undefined) {
    const phase = status?.phase ?? 'warmingUp';
    return steps([{ do: 'writeStatus', status: { phase, stop: { at: timeOf(now), phase } } }]);
  }
  return planPhase(observation, settings);
}

/** A deleted WorkFlow is one to stop. */
function isStopAsked(workflow: WorkFlow): boolean {
  return workflow.spec.stopRequested === true || workflow.metadata.deletionTimestamp !== undefined;
}

function planPhase(observation: Observation, settings: PlanSettings): Plan {
  const phase = observation.workflow.status?.phase ?? 'warmingUp';
  switch (phase) {
    case 'warmingUp':
      return planQueued(observation);
    case 'started':
    case 'configuringVolumes':
      return planConfigure(observation, settings);
    case 'provisioned':
    case 'runningAlgorithm':
      return planCompute(observation, settings);
    case 'publishingResults':
      return planPublish(observation, settings);
    default:
      // An end without its time: somebody else wrote the phase. The end is believed, the time is now.
      return isEndPhase(phase)
        ? steps([
            { do: 'writeStatus', status: endStatus(observation, endWithout(phase, { reason: 'EndedElsewhere' })) },
          ])
        : wait();
  }
}

/** Queued: nothing of it exists yet, so every end is immediate. */
function planQueued(observation: Observation): Plan {
  const { workflow, environment, now, isAdmitted, hasPolicies } = observation;
  const { validUntil } = workflow.spec;
  const validUntilMs = validUntil > 0 ? validUntil * 1000 : undefined;
  const end = (...args: Parameters<typeof endWithout>): Plan =>
    steps([{ do: 'writeStatus', status: endStatus(observation, endWithout(...args)) }]);
  if (workflow.status?.stop !== undefined) return end('stopped', { reason: 'StoppedBeforeStart' });
  if (validUntilMs !== undefined && now >= validUntilMs)
    return end('timeLimitReached', { reason: 'OrderExpiredInQueue' });
  if (environment === undefined) return end('containerCreationFailed', { reason: 'EnvironmentNotFound' });
  if (observation.lacking.length > 0) {
    return end('isolationUnavailable', { reason: 'NotEnforced', message: observation.lacking.join(', ') });
  }
  if (!isAdmitted || !hasPolicies) return wait(validUntilMs);
  return steps(
    [
      { do: 'writeStatus', status: { phase: 'configuringVolumes', acceptedAt: timeOf(now) } },
      { do: 'createToken', stage: 'configure' },
      { do: 'createVolume' },
    ],
    [{ do: 'createPod', stage: 'configure', node: undefined }],
  );
}
