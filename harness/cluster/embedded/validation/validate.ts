import type { ApiCore } from '../api-core.ts';
import { validateCustom } from '../crd/structural-schema.ts';
import type { KubeObject } from '../kube-object.ts';
import { validateMetadataUpdate } from '../lifecycle.ts';
import type { ServedResource } from '../resource-table.ts';
import type { FieldCause } from '../schema-face.ts';
import { validateMetadata } from './metadata.ts';
import { strategyOf } from './strategy.ts';

/** Everything that is wrong with an object in itself. */
export function validateObject(core: ApiCore, served: ServedResource, object: KubeObject): FieldCause[] {
  const causes = [...validateMetadata(served, object)];
  if (served.custom) return [...causes, ...validateCustom(served.custom.schema, object)];
  causes.push(...core.schema.validate(served, object), ...(strategyOf(served).validate?.(object) ?? []));
  return withoutRepeats(causes);
}

/** The schema and a kind's own rules may both miss the same field. */
/** Everything that is wrong with a change. */
export function validateChange(
  core: ApiCore,
  served: ServedResource,
  subresource: string,
  object: KubeObject,
  previous: KubeObject,
): FieldCause[] {
  const causes = [...validateMetadataUpdate(previous, object), ...validateObject(core, served, object)];
  if (!served.custom && subresource === '') causes.push(...core.schema.validateUpdate(served, object, previous));
  return withoutRepeats([...causes, ...(strategyOf(served).validateUpdate?.(object, previous, subresource) ?? [])]);
}

function withoutRepeats(causes: readonly FieldCause[]): FieldCause[] {
  const seen = new Set<string>();
  return causes.filter(({ reason, field }) => {
    const key = `${reason} ${field}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
