import type { PlanSettings } from './settings.ts';

export interface StartLimits {
  readonly schedulingMs: number;
  readonly imageMs: number;
  readonly startMs: number;
}

/** How long a pod may take to its first container, by what it waits for. */
export function startLimits({ deadlines }: PlanSettings): StartLimits {
  return {
    schedulingMs: deadlines.schedulingSeconds * 1000,
    imageMs: deadlines.imagePullSeconds * 1000,
    startMs: deadlines.startSeconds * 1000,
  };
}
