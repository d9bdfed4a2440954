import type { Observation } from './observation.ts';
import type { PodView } from './pod-view.ts';
import { millisecondsOf } from './pod-view.ts';

export interface ComputeTime {
  /** When the algorithm's time is over; milliseconds since the epoch. */
  readonly endsAt: number;
  /** The pod's field that makes it so. */
  readonly activeDeadlineSeconds: number;
}

/**
 * The paid time, counted from the start of the algorithm's container: pulling an image and waiting at the gate are not the
 * consumer's. Kubernetes counts `activeDeadlineSeconds` from the pod's own start, so what passed before is added.
 */
export function secondsLeft({ workflow, environment, now }: Observation, pod: PodView): ComputeTime {
  const { maxDurationSeconds, validUntil } = workflow.spec;
  const startedAt = millisecondsOf(pod.startedAt) ?? now;
  const environmentLimit = environment?.maxJobDurationSeconds ?? maxDurationSeconds;
  const paidUntil = validUntil > 0 ? validUntil * 1000 : Infinity;
  const endsAt = Math.min(startedAt + Math.min(maxDurationSeconds, environmentLimit) * 1000, paidUntil);
  const podStartedAt = pod.kubeletStartedAt ?? startedAt;
  // A deadline of 0 is refused, and an Infinity is no number for JSON.
  const seconds = Math.max(1, Math.ceil((endsAt - podStartedAt) / 1000));
  return { endsAt, activeDeadlineSeconds: Math.min(seconds, 2_147_483_647) };
}
