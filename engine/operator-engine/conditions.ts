import type { Condition } from '../api/workflow.ts';

/** The conditions with one set; its transition time moves only when its status does. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: number,
): Condition[] {
  const before = conditions?.find((one) => one.type === condition.type);
  const others = (conditions ?? []).filter((one) => one.type !== condition.type);
  const isSame = before?.status === condition.status;
  return [
    ...others,
    { ...condition, lastTransitionTime: isSame ? before.lastTransitionTime : new Date(now).toISOString() },
  ];
}
