import type { ApiCore } from '../api-core.ts';
import { internalContext, timestamp } from '../api-core.ts';
import { arrayAt, cloneJson, objectAt, stringAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { ServedResource } from '../resource-table.ts';
import { deleteObject } from '../verbs/delete.ts';
import { startLevelLoop } from './level-loop.ts';

const FINALIZER = 'kubernetes';

/** Empties namespaces that are being deleted, says in their conditions what still holds them, and lets them go. */
export function startNamespaceController(core: ApiCore): { stop(): void } {
  return startLevelLoop(
    core,
    () => core.store.list('/namespaces').some(isGoing),
    () => {
      for (const namespace of core.store.list('/namespaces').filter(isGoing)) empty(core, namespace);
    },
  );
}

function isGoing(namespace: KubeObject): boolean {
  return namespace.metadata.deletionTimestamp !== undefined;
}

function empty(core: ApiCore, namespace: KubeObject): void {
  const name = namespace.metadata.name ?? '';
  for (const served of contentKinds(core)) {
    for (const object of core.store.list(served.key, name)) {
      if (object.metadata.deletionTimestamp === undefined)
        deleteObject(core, internalContext(), served, name, object.metadata.name ?? '');
    }
  }
  const remaining = contentKinds(core).flatMap((served) =>
    core.store.list(served.key, name).map((object) => ({ served, object })),
  );
  const current = core.store.get('/namespaces', undefined, name);
  if (current === undefined) return;
  if (remaining.length > 0) return reportRemaining(core, current, remaining);
  const finalizers = arrayAt(current, 'spec', 'finalizers').filter((finalizer) => finalizer !== FINALIZER);
  if (finalizers.length === 0 && (current.metadata.finalizers ?? []).length === 0) {
    core.store.remove('/namespaces', undefined, name);
    return;
  }
  if (finalizers.length === arrayAt(current, 'spec', 'finalizers').length) return;
  const freed = cloneJson(current);
  objectAt(freed, 'spec')['finalizers'] = finalizers;
  core.store.put('/namespaces', freed);
}

/** One entry per stored kind: a kind with several versions is stored once. */
function contentKinds(core: ApiCore): readonly ServedResource[] {
  const kinds = new Map(
    core.resources
      .all()
      .filter((served) => served.namespaced && served.verbs.includes('delete'))
      .map((served) => [served.key, served]),
  );
  return [...kinds.values()];
}

function reportRemaining(
  core: ApiCore,
  namespace: KubeObject,
  remaining: readonly { served: ServedResource; object: KubeObject }[],
): void {
  const held = remaining.flatMap(({ object }) => object.metadata.finalizers ?? []);
  const names = [
    ...new Set(
      remaining.map(({ served }) => (served.group === '' ? served.resource : `${served.resource}.${served.group}`)),
    ),
  ];
  const condition = (type: string, reason: string, message: string): object => ({
    type,
    status: 'True',
    lastTransitionTime: timestamp(core.clock.now()),
    reason,
    message,
  });
  const conditions = [
    condition(
      'NamespaceContentRemaining',
      'SomeResourcesRemain',
      `Some resources are remaining: ${names.map((name) => `${name} has ${remaining.filter(({ served }) => name.startsWith(served.resource)).length} resource instances`).join(', ')}`,
    ),
    ...(held.length > 0
      ? [
          condition(
            'NamespaceFinalizersRemaining',
            'SomeFinalizersRemain',
            `Some content in the namespace has finalizers remaining: ${[...new Set(held)].join(', ')}`,
          ),
        ]
      : []),
  ];
  const messages = (list: readonly unknown[]): string => list.map((item) => stringAt(item, 'message')).join('\n');
  if (messages(arrayAt(namespace, 'status', 'conditions')) === messages(conditions)) return;
  const reported = cloneJson(namespace);
  reported['status'] = { phase: valueAt(namespace, 'status', 'phase') ?? 'Terminating', conditions };
  core.store.put('/namespaces', reported);
}
