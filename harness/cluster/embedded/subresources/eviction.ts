import type { ApiCore, RequestContext } from '../api-core.ts';
import { objectAt, stringAt, valueAt } from '../json.ts';
import { badRequest } from '../kube-status.ts';
import { deleteObject } from '../verbs/delete.ts';
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
  const grace = valueAt(options, 'gracePeriodSeconds');
  const isDryRun = context.isDryRun || JSON.stringify(valueAt(options, 'dryRun') ?? []).includes('All');
  deleteObject(core, { ...context, isDryRun }, served, namespace, name, {
    gracePeriodSeconds: typeof grace === 'number' ? grace : undefined,
    uid: stringAt(options, 'preconditions', 'uid'),
    resourceVersion: stringAt(options, 'preconditions', 'resourceVersion'),
  });
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}
