import type { ApiCore, RequestContext } from '../api-core.ts';
import { timestamp } from '../api-core.ts';
import { cloneJson } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { conflict, notFound } from '../kube-status.ts';
import { isReadyToGo } from '../lifecycle.ts';
import type { ServedResource } from '../resource-table.ts';
import { strategyOf } from '../validation/strategy.ts';

/** The part of meta/v1 DeleteOptions that has an effect. */
export interface ParsedDeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
}

export interface DeleteOutcome {
  /** The last state when `isGone`, else the state with its deletionTimestamp. */
  readonly object: KubeObject;
  readonly isGone: boolean;
}

export const FOREGROUND_FINALIZER = 'foregroundDeletion';
export const ORPHAN_FINALIZER = 'orphan';

export function deleteObject(
  core: ApiCore,
  context: RequestContext,
  served: ServedResource,
  namespace: string | undefined,
  name: string,
  options: ParsedDeleteOptions = {},
): DeleteOutcome {
  const previous = core.store.get(served.key, namespace, name);
  if (previous === undefined) throw notFound(served, name);
  checkPreconditions(served, previous, options);
  const request = {
    core,
    context,
    operation: 'DELETE' as const,
    served,
    subresource: '',
    namespace,
    name,
    object: undefined,
    previous,
  };
  for (const plugin of core.admission) plugin.validate?.(request);
  const marked = markDeleted(core, served, previous, options);
  if (context.isDryRun) return { object: marked ?? previous, isGone: marked === undefined || isReadyToGo(marked) };
  if (marked === undefined || isReadyToGo(marked)) {
    // Kinds with a grace period are marked before they go, even when there is none left.
    if (marked !== undefined && marked !== previous) core.store.put(served.key, marked);
    const gone = core.store.remove(served.key, namespace, name) ?? previous;
    strategyOf(served).afterDelete?.(core, gone);
    return { object: gone, isGone: true };
  }
  if (marked === previous) return { object: previous, isGone: false };
  return { object: core.store.put(served.key, marked), isGone: false };
}

/** @throws KubeStatusError 409 */
export function checkPreconditions(served: ServedResource, previous: KubeObject, options: ParsedDeleteOptions): void {
  const name = previous.metadata.name ?? '';
  const { uid, resourceVersion } = previous.metadata;
  // Namespaces have a deletion of their own, with words of its own.
  const isNamespace = served.key === '/namespaces';
  const about = isNamespace ? served : { group: served.group, resource: served.kind };
  if (options.uid !== undefined && options.uid !== uid) {
    throw conflict(
      about,
      name,
      isNamespace
        ? `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${uid}`
        : `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw conflict(
      about,
      name,
      isNamespace
        ? `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`
        : `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}

/** @returns undefined when nothing holds the object; the same object when nothing changes. */
function markDeleted(
  core: ApiCore,
  served: ServedResource,
  previous: KubeObject,
  options: ParsedDeleteOptions,
): KubeObject | undefined {
  const grace = graceSeconds(served, previous, options);
  const finalizers = finalizersOf(served, previous, options.propagationPolicy);
  const isDeleting = previous.metadata.deletionTimestamp !== undefined;
  const holdsNamespace = served.key === '/namespaces';
  if (strategyOf(served).graceSeconds === undefined && grace === 0 && finalizers.length === 0 && !holdsNamespace)
    return undefined;
  const currentGrace = previous.metadata.deletionGracePeriodSeconds ?? 0;
  const isSooner = !isDeleting || grace < currentGrace;
  if (!isSooner && finalizers.length === (previous.metadata.finalizers ?? []).length) return previous;
  const marked = cloneJson(previous);
  if (finalizers.length > 0) marked.metadata.finalizers = finalizers;
  else delete marked.metadata.finalizers;
  if (isSooner) {
    // A shorter grace counts from the first request, but never ends in the past.
    const first = isDeleting
      ? Date.parse(previous.metadata.deletionTimestamp ?? '') - currentGrace * 1000
      : core.clock.now();
    marked.metadata.deletionTimestamp = timestamp(Math.max(core.clock.now(), first + grace * 1000));
    marked.metadata.deletionGracePeriodSeconds = grace;
    if (!isDeleting && marked.metadata.generation !== undefined) marked.metadata.generation += 1;
  }
  strategyOf(served).markDeleted?.(marked);
  return marked;
}

function graceSeconds(served: ServedResource, object: KubeObject, options: ParsedDeleteOptions): number {
  return Math.max(0, strategyOf(served).graceSeconds?.(object, options.gracePeriodSeconds) ?? 0);
}

/** The garbage collector acts on two of these: Foreground waits for dependents, Orphan lets them go first. */
function finalizersOf(
  served: ServedResource,
  previous: KubeObject,
  policy: ParsedDeleteOptions['propagationPolicy'],
): string[] {
  const own = strategyOf(served).deletionFinalizer;
  const isDeleting = previous.metadata.deletionTimestamp !== undefined;
  const present = new Set(previous.metadata.finalizers);
  if (own !== undefined && !isDeleting) present.add(own);
  if (policy === undefined || strategyOf(served).isNotCollected === true) return [...present];
  present.delete(FOREGROUND_FINALIZER);
  present.delete(ORPHAN_FINALIZER);
  if (policy === 'Foreground') present.add(FOREGROUND_FINALIZER);
  if (policy === 'Orphan') present.add(ORPHAN_FINALIZER);
  return [...present];
}
