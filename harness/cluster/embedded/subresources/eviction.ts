import type { ApiCore, RequestContext } from '../api-core.ts';
import { timestamp } from '../api-core.ts';
import { arrayAt, cloneJson, objectAt, stringAt, valueAt } from '../json.ts';
import { badRequest, notFound } from '../kube-status.ts';
import type { ServedResource } from '../resource-table.ts';
import { checkPreconditions, deleteObject } from '../verbs/delete.ts';
import type { UpdateTarget } from '../verbs/update.ts';

/** Differs from kube-apiserver: there are no PodDisruptionBudgets here, so nothing delays an eviction. */
export function evictPod(
  core: ApiCore,
  context: RequestContext,
  { served, namespace, name }: UpdateTarget,
  body: unknown,
): unknown {
  if (stringAt(body, 'metadata', 'name') !== name)
    throw badRequest('name in URL does not match name in Eviction object');
  const options = objectAt(body, 'deleteOptions');
  const preconditions = {
    uid: stringAt(options, 'preconditions', 'uid'),
    resourceVersion: stringAt(options, 'preconditions', 'resourceVersion'),
  };
  const grace = valueAt(options, 'gracePeriodSeconds');
  const isDryRun = context.isDryRun || JSON.stringify(valueAt(options, 'dryRun') ?? []).includes('All');
  if (!isDryRun) markEvicted(core, served, namespace, name, preconditions);
  deleteObject(core, { ...context, isDryRun }, served, namespace, name, {
    gracePeriodSeconds: typeof grace === 'number' ? grace : undefined,
    // The version was that of the pod before it was marked.
    ...(isDryRun ? preconditions : { uid: preconditions.uid }),
  });
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

/** The pod says why it goes, in a write of its own before its deletion. */
function markEvicted(
  core: ApiCore,
  served: ServedResource,
  namespace: string | undefined,
  name: string,
  preconditions: { readonly uid: string | undefined; readonly resourceVersion: string | undefined },
): void {
  const pod = core.store.get(served.key, namespace, name);
  if (pod === undefined) throw notFound(served, name);
  checkPreconditions(served, pod, preconditions);
  const marked = cloneJson(pod);
  const others = arrayAt(marked, 'status', 'conditions').filter(
    (item) => stringAt(item, 'type') !== 'DisruptionTarget',
  );
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: timestamp(core.clock.now()),
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  marked['status'] = { ...objectAt(marked, 'status'), conditions: [...others, condition] };
  core.store.put(served.key, marked);
}
