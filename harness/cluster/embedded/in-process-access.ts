import type { ApiAccess, DeleteOptions, ResourceRef, WatchEvent } from './api-access.ts';
import type { ApiCore } from './api-core.ts';
import { internalContext } from './api-core.ts';
import { recordEvent } from './events.ts';
import { cloneJson } from './json.ts';
import type { KubeObject } from './kube-object.ts';
import { notFound, unknownResource } from './kube-status.ts';
import type { ServedResource } from './resource-table.ts';
import { WatchCursor } from './store/watch-cursor.ts';
import { createObject } from './verbs/create.ts';
import { deleteObject } from './verbs/delete.ts';
import { updateObject } from './verbs/update.ts';

/** The API without the socket, for controllers and the kubelet. Every object in and out is a copy. */
export function inProcessAccess(core: ApiCore): ApiAccess {
  const find = ({ group, version, resource }: ResourceRef): ServedResource => {
    const served = core.resources.find(group, version, resource);
    if (served === undefined) throw unknownResource();
    return served;
  };
  const update = (ref: ResourceRef, object: KubeObject, subresource: string): KubeObject => {
    const target = {
      served: find(ref),
      namespace: object.metadata.namespace,
      name: object.metadata.name ?? '',
      subresource,
    };
    return cloneJson(updateObject(core, internalContext(), target, cloneJson(object)));
  };
  return {
    get(ref, namespace, name) {
      const served = find(ref);
      const object = core.store.get(served.key, namespace, name);
      if (object === undefined) throw notFound(served, name);
      return cloneJson(object);
    },
    list: (ref, namespace) => core.store.list(find(ref).key, namespace).map(cloneJson),
    create: (ref, namespace, object) =>
      cloneJson(createObject(core, internalContext(), find(ref), namespace, cloneJson(object))),
    update: (ref, object) => update(ref, object, ''),
    updateStatus: (ref, object) => update(ref, object, 'status'),
    delete(ref: ResourceRef, namespace: string | undefined, name: string, options: DeleteOptions = {}) {
      deleteObject(core, internalContext(), find(ref), namespace, name, options);
    },
    watch: (ref, handler) => watchInProcess(core, find(ref), handler),
    recordEvent: (about, type, reason, message, component) =>
      recordEvent(core, { about, type, reason, message, component }),
  };
}

/** Existing objects first, then changes, each a copy; the handler runs in a later turn than the write. */
function watchInProcess(core: ApiCore, served: ServedResource, handler: (event: WatchEvent) => void): { stop(): void } {
  const cursor = new WatchCursor(
    core.store,
    { resource: served.key, namespace: undefined, matches: () => true },
    core.store.version,
  );
  const initial = core.store.list(served.key);
  let isStopped = false;
  const deliver = (event: WatchEvent): void => {
    if (!isStopped) handler({ type: event.type, object: cloneJson(event.object) });
  };
  const subscription = core.store.onChange(() => {
    // In process nothing can lag behind the history: this runs after every turn that wrote.
    for (const event of cursor.next() ?? []) deliver(event);
  });
  queueMicrotask(() => {
    for (const object of initial) deliver({ type: 'ADDED', object });
  });
  return {
    stop() {
      isStopped = true;
      subscription.stop();
    },
  };
}
