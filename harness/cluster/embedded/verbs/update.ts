import type { ApiCore, RequestContext } from '../api-core.ts';
import { cloneJson, equalJson } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { badRequest, invalid, notFound } from '../kube-status.ts';
import {
  carryOver,
  checkUid,
  checkVersion,
  countGeneration,
  systemChanges,
  isReadyToGo,
  parseObjectVersion,
} from '../lifecycle.ts';
import type { ServedResource } from '../resource-table.ts';
import { strategyOf } from '../validation/strategy.ts';
import { repeatedItems, validateChange } from '../validation/validate.ts';
import { insert, placeInNamespace } from './create.ts';
import { decodeObject } from './decode.ts';
import { foreignKind, hasForeignKind } from './type-meta.ts';

export interface UpdateTarget {
  readonly served: ServedResource;
  readonly namespace: string | undefined;
  readonly name: string;
  /** '' or `status`, or another that the strategy knows. */
  readonly subresource: string;
}

/** Replaces an object or its status; `body` becomes the store's own. */
export function updateObject(core: ApiCore, context: RequestContext, target: UpdateTarget, body: unknown): KubeObject {
  return updateOrCreate(core, context, target, body).object;
}

/** The same, for who has to know whether the object is new: some kinds are created by an update of a free name. */
export function updateOrCreate(
  core: ApiCore,
  context: RequestContext,
  target: UpdateTarget,
  body: unknown,
): { readonly object: KubeObject; readonly isNew: boolean } {
  const { served, namespace, name } = target;
  const object = decodeObject(core, context, served, body);
  checkPlace(target, object);
  const previous = core.store.get(served.key, namespace, name);
  if (previous === undefined) {
    if (target.subresource !== '' || strategyOf(served).createsOnUpdate !== true) throw notFound(served, name);
    checkUid(served, undefined, object, context.isDryRun);
    parseObjectVersion(object);
    const { resourceVersion } = object.metadata;
    delete object.metadata.resourceVersion;
    const created = insert(core, context, served, namespace, object);
    // A dry run shows the version that was sent, since none is given.
    if (context.isDryRun && resourceVersion) created.metadata.resourceVersion = resourceVersion;
    return { object: created, isNew: true };
  }
  checkUid(served, previous, object, context.isDryRun);
  checkVersion(served, previous, object);
  return { object: writeUpdate(core, context, target, previous, object), isNew: false };
}

/** Name and namespace are those of the URL. @throws KubeStatusError 400 */
export function checkPlace({ served, namespace, name }: UpdateTarget, object: KubeObject): void {
  placeInNamespace(served, object, namespace);
  if (!object.metadata.name)
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (object.metadata.name !== name)
    throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`);
}

/** The second half of every change: update and patch. `object` is decoded already. */
export function writeUpdate(
  core: ApiCore,
  context: RequestContext,
  target: UpdateTarget,
  previous: KubeObject,
  object: KubeObject,
): KubeObject {
  const { served, namespace, name, subresource } = target;
  const strategy = strategyOf(served);
  const fixed = systemChanges(previous, object);
  carryOver(previous, object);
  keepOtherHalf(served, subresource, previous, object);
  strategy.prepareUpdate?.(object, previous, subresource);
  const request = {
    core,
    context,
    operation: 'UPDATE' as const,
    served,
    subresource,
    namespace,
    name,
    object,
    previous,
  };
  for (const plugin of core.admission) plugin.mutate?.(request);
  countGeneration(served, previous, object);
  if (hasForeignKind(served, object)) {
    const others = [...core.schema.validateMetadata(served, object.metadata), ...repeatedItems(served, object)];
    throw foreignKind(served, object, others);
  }
  const causes = [...fixed, ...validateChange(core, served, subresource, object, previous)];
  if (causes.length > 0) throw invalid(served, name, causes);
  const warnings = subresource === '' ? strategy.updateWarnings : strategy.statusWarnings;
  context.warnings.push(...(warnings?.(object, previous) ?? []));
  for (const plugin of core.admission) plugin.validate?.(request);
  object.metadata.resourceVersion = previous.metadata.resourceVersion ?? '';
  // Differs from nothing: the real server, too, writes nothing when nothing changed, and the version stays.
  if (equalJson(object, previous)) return previous;
  if (context.isDryRun) return object;
  if (isReadyToGo(object)) {
    // The last finalizer went: the object goes as it was, and the client gets what it wrote.
    core.store.remove(served.key, namespace, name);
    return object;
  }
  const stored = core.store.put(served.key, object);
  strategy.afterWrite?.(core, stored);
  return stored;
}

/** An update leaves the status alone, a status update leaves all but status and metadata alone. In place. */
function keepOtherHalf(served: ServedResource, subresource: string, previous: KubeObject, object: KubeObject): void {
  const hasStatus = served.custom ? served.custom.hasStatus : served.subresources.some(({ name }) => name === 'status');
  if (subresource === 'status') {
    for (const key of Object.keys(object)) if (key !== 'status' && key !== 'metadata') delete object[key];
    for (const [key, value] of Object.entries(previous))
      if (key !== 'status' && key !== 'metadata') object[key] = cloneJson(value);
    // A custom resource's status carries no metadata; a built-in one takes labels, annotations and finalizers along.
    if (served.custom) object.metadata = cloneJson(previous.metadata);
    else if (previous.metadata.ownerReferences)
      object.metadata.ownerReferences = cloneJson(previous.metadata.ownerReferences);
    else delete object.metadata.ownerReferences;
    return;
  }
  if (!hasStatus || subresource !== '') return;
  if (previous['status'] === undefined) delete object['status'];
  else object['status'] = cloneJson(previous['status']);
}
