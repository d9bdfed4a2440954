import type { Stage } from '../api/names.ts';
import type { Action, Plan } from './actions.ts';
import { steps, wait } from './actions.ts';
import { timeOf } from './ends.ts';
import type { Observation } from './observation.ts';
import { millisecondsOf } from './pod-view.ts';
import type { PlanSettings } from './settings.ts';

const STAGES: readonly Stage[] = ['configure', 'compute', 'publish'];

/**
 * After the end: data and Secrets go at once, the record stays until it is in the archive and its retention is over.
 * A deleted WorkFlow has no retention.
 */
export function planEnded(observation: Observation, settings: PlanSettings): Plan {
  const { workflow, now } = observation;
  const { status, metadata } = workflow;
  if (status?.cleanedAt === undefined) return planCleaning(observation);
  if (status.archived !== true) return wait();
  if (metadata.deletionTimestamp !== undefined) return steps([{ do: 'removeFinalizer' }]);
  const expiresAt = (millisecondsOf(status.finishedAt) ?? now) + settings.retentionSeconds * 1000;
  return now >= expiresAt ? steps([{ do: 'deleteWorkflow' }]) : wait(expiresAt);
}

function planCleaning({ pods, volume, now }: Observation): Plan {
  const releases: Action[] = [];
  const deletions: Action[] = [];
  for (const stage of STAGES) {
    const pod = pods[stage];
    if (pod?.isHeld) releases.push({ do: 'releasePod', uid: pod.uid });
    if (pod !== undefined && pod.deletingSince === undefined) deletions.push({ do: 'deletePod', stage, uid: pod.uid });
  }
  if (volume !== undefined && !volume.isDeleting) deletions.push({ do: 'deleteVolume', uid: volume.uid });
  const isGone = volume === undefined && STAGES.every((stage) => pods[stage] === undefined);
  // Secrets are not watched (nobody but the broker may read them): they are deleted once, right before the last word.
  if (!isGone) return steps(deletions, releases);
  const secrets: Action[] = [
    { do: 'deleteToken', stage: 'configure' },
    { do: 'deleteToken', stage: 'publish' },
    { do: 'deleteInputs' },
  ];
  return steps(secrets, [{ do: 'writeStatus', status: { cleanedAt: timeOf(now) } }]);
}
