import type { ApiCore } from '../api-core.ts';
import { validateCustom } from '../crd/structural-schema.ts';
import type { KubeObject } from '../kube-object.ts';
import { validateMetadataUpdate } from '../lifecycle.ts';
import type { ServedResource } from '../resource-table.ts';
import { stringAt } from '../json.ts';
import { invalid } from '../schema/validate/field-causes.ts';
import type { FieldCause } from '../schema-face.ts';
import { podStatusCauses } from './pod-status.ts';
import { strategyOf } from './strategy.ts';

/** Everything that is wrong with a new object. */
export function validateNew(core: ApiCore, served: ServedResource, object: KubeObject): FieldCause[] {
  const causes = [...core.schema.validateMetadata(served, object.metadata)];
  if (served.custom) return [...causes, ...validateCustom(served.custom.schema, object)];
  const own = core.schema.validateNew(served, object);
  // Of an event that is wrong in itself the metadata is not looked at.
  if (served.key === '/events' && own.length > 0) return [...own];
  return [...causes, ...own, ...(strategyOf(served).validate?.(object) ?? [])];
}

/** What is wrong with the lists of a custom resource that is of another kind than it should be. */
export function repeatedItems(served: ServedResource, object: KubeObject): FieldCause[] {
  return served.custom === undefined ? [] : validateCustom(served.custom.schema, object).filter(isAboutItems);
}

function isAboutItems({ reason, message }: FieldCause): boolean {
  return reason === 'FieldValueDuplicate' || message.endsWith('for an array of list-type map');
}

/** Everything that is wrong with a change. */
export function validateChange(
  core: ApiCore,
  served: ServedResource,
  subresource: string,
  object: KubeObject,
  previous: KubeObject,
): FieldCause[] {
  const causes = [
    ...core.schema.validateMetadata(served, object.metadata),
    ...validateMetadataUpdate(previous, object),
  ];
  if (served.custom) {
    const own = validateCustom(served.custom.schema, object);
    // Of a status the messages name fields from there on.
    const shown =
      subresource === 'status' ? own.map((cause) => ({ ...cause, message: belowStatus(cause.message) })) : own;
    return [...causes, ...shown];
  }
  // A status update cannot have touched the rest, which was valid when it was written.
  if (subresource === 'status' && served.key === '/namespaces') return [...causes, ...namespaceStatusCauses(object)];
  if (subresource !== '') return served.key === '/pods' ? [...causes, ...podStatusCauses(object, previous)] : causes;
  const strategy = strategyOf(served);
  causes.push(...core.schema.validate(served, object), ...core.schema.validateUpdate(served, object, previous));
  return [...causes, ...(strategy.validate?.(object) ?? []), ...(strategy.validateUpdate?.(object, previous) ?? [])];
}

/** Its phase is what its deletion time says. */
function namespaceStatusCauses(namespace: KubeObject): FieldCause[] {
  const phase = stringAt(namespace, 'status', 'phase');
  if (namespace.metadata.deletionTimestamp !== undefined || phase === 'Active') return [];
  return [invalid('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty")];
}

function belowStatus(message: string): string {
  return message.replace(/: status\.(\S+ in body )/, ': $1');
}
