import { isDeepStrictEqual } from 'node:util';

import type { KubeObject } from '../../kube-object.ts';
import type { FieldCause } from '../../schema-face.ts';
import { checkImage } from './containers.ts';
import type { Causes, Json } from './field-causes.ts';
import { child, forbidden, invalid, list, number, text } from './field-causes.ts';

const MAY_CHANGE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,' +
  '`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

const LONGEST_DEADLINE_SECONDS = 2_147_483_647;

/** What of a pod's spec an update may change: images, the deadline (to a shorter one), more tolerations, fewer gates. */
export function validatePodUpdate(pod: KubeObject, previous: KubeObject): Causes {
  const causes: Causes = [];
  const now = child(pod, 'spec') ?? {};
  const before = child(previous, 'spec') ?? {};
  for (const name of ['containers', 'initContainers']) {
    if (list(now, name).length !== list(before, name).length) {
      return [forbidden(`spec.${name}`, 'pod updates may not add or remove containers')];
    }
    for (const [index, container] of list(now, name).entries())
      checkImage(causes, `spec.${name}[${index}].image`, text(container, 'image'));
  }
  const tolerations = [list(now, 'tolerations'), list(before, 'tolerations')] as const;
  const deadline = deadlineCause(number(now, 'activeDeadlineSeconds'), number(before, 'activeDeadlineSeconds'));
  if (deadline !== undefined) causes.push(deadline);
  // A deadline that cannot be says all; one that is taken away does not.
  if (deadline !== undefined && number(now, 'activeDeadlineSeconds') !== undefined) return causes;
  if (!areTolerationsKept(...tolerations))
    causes.push(forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'));
  checkGates(causes, list(now, 'schedulingGates'), list(before, 'schedulingGates'));
  const isGated = list(before, 'schedulingGates').length > 0;
  if (isGated) checkGatedSelector(causes, child(now, 'nodeSelector') ?? {}, child(before, 'nodeSelector') ?? {});
  if (!isDeepStrictEqual(fixedPart(now, now, isGated), fixedPart(before, now, isGated)))
    causes.push(forbidden('spec', MAY_CHANGE));
  return causes;
}

function deadlineCause(now: number | undefined, before: number | undefined): FieldCause | undefined {
  const field = 'spec.activeDeadlineSeconds';
  if (now === undefined)
    return before === undefined
      ? undefined
      : invalid(field, null, 'must not update from a positive integer to nil value');
  if (now < 0 || now > LONGEST_DEADLINE_SECONDS)
    return invalid(field, now, `must be between 0 and ${LONGEST_DEADLINE_SECONDS}, inclusive`);
  return before !== undefined && now > before
    ? invalid(field, now, 'must be less than or equal to previous value')
    : undefined;
}

function checkGates(causes: Causes, now: readonly Json[], before: readonly Json[]): void {
  const known = new Set(before.map((gate) => text(gate, 'name')));
  for (const [index, gate] of now.entries()) {
    const name = text(gate, 'name');
    if (!known.has(name)) {
      const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
      causes.push(forbidden(`spec.schedulingGates[${index}].name`, detail));
    }
  }
}

/** While a gate holds a pod back, its node selector may become narrower. */
function checkGatedSelector(causes: Causes, now: Json, before: Json): void {
  const isNarrower = Object.entries(before).every(([key, value]) => now[key] === value);
  if (!isNarrower) {
    causes.push(
      invalid('spec.nodeSelector', now, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'),
    );
  }
}

/** The spec with what may change set to the new values. */
function fixedPart(spec: Json, now: Json, isGated: boolean): Json {
  const fixed: Json = { ...spec };
  for (const name of ['activeDeadlineSeconds', 'schedulingGates', ...(isGated ? ['nodeSelector', 'affinity'] : [])])
    delete fixed[name];
  for (const name of ['containers', 'initContainers']) {
    fixed[name] = list(spec, name).map((container) => ({ ...container, image: '' }));
  }
  fixed['tolerations'] = list(now, 'tolerations');
  const grace = number(spec, 'terminationGracePeriodSeconds') ?? 0;
  if (grace < 0 && number(now, 'terminationGracePeriodSeconds') === 1) fixed['terminationGracePeriodSeconds'] = 1;
  return fixed;
}

/** All that were there are still there, but for their seconds. */
function areTolerationsKept(now: readonly Json[], before: readonly Json[]): boolean {
  const withoutSeconds = ({ tolerationSeconds: _seconds, ...rest }: Json): Json => rest;
  return before.every((toleration) =>
    now.some((other) => isDeepStrictEqual(withoutSeconds(toleration), withoutSeconds(other))),
  );
}
