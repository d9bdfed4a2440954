import type { ApiAccess, DeleteOptions, ResourceRef, WatchEvent } from '../api-access.ts';
import type { KubeObject } from '../kube-object.ts';
import { conflict, notFound, alreadyExists } from '../kube-status.ts';

export interface RecordedEvent {
  readonly about: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** Just enough of the API for the kubelet's own tests; binds every new pod to a node at once. */
export class MemoryApi implements ApiAccess {
  readonly events: RecordedEvent[] = [];
  readonly #objects = new Map<string, KubeObject>();
  readonly #watches = new Set<{ resource: string; handler: (event: WatchEvent) => void }>();
  readonly #eventListeners = new Set<(event: RecordedEvent) => void>();
  #version = 0;

  /** The first event about a pod with this reason, now or later. */
  untilEvent(about: string, reason: string): Promise<RecordedEvent> {
    const isIt = (event: RecordedEvent): boolean => event.about === about && event.reason === reason;
    const known = this.events.find(isIt);
    if (known) return Promise.resolve(known);
    return new Promise((resolve) => this.#eventListeners.add((event) => isIt(event) && resolve(event)));
  }

  get(resource: ResourceRef, namespace: string | undefined, name: string): KubeObject {
    const found = this.#objects.get(key(resource, namespace, name));
    if (!found) throw notFound(resource, name);
    return structuredClone(found);
  }

  list(resource: ResourceRef, namespace?: string): readonly KubeObject[] {
    const prefix = `${resource.resource}/${namespace === undefined ? '' : `${namespace}/`}`;
    return [...this.#objects].filter(([path]) => path.startsWith(prefix)).map(([, object]) => structuredClone(object));
  }

  create(resource: ResourceRef, namespace: string | undefined, object: KubeObject): KubeObject {
    const name = object.metadata.name ?? '';
    const path = key(resource, namespace, name);
    if (this.#objects.has(path)) throw alreadyExists(resource, name);
    const uid = `uid-${++this.#version}`;
    const metadata = { ...object.metadata, ...(namespace === undefined ? {} : { namespace }), uid };
    const bound = resource.resource === 'pods' ? { spec: { nodeName: 'wavetank', ...(object['spec'] as object) } } : {};
    return this.#put(resource, path, { ...object, ...bound, metadata }, 'ADDED');
  }

  update(resource: ResourceRef, object: KubeObject): KubeObject {
    return this.#replace(resource, object, (old) => ({ ...object, status: old['status'] }));
  }

  updateStatus(resource: ResourceRef, object: KubeObject): KubeObject {
    return this.#replace(resource, object, (old) => ({ ...old, status: object['status'] }));
  }

  delete(resource: ResourceRef, namespace: string | undefined, name: string, options: DeleteOptions = {}): void {
    const path = key(resource, namespace, name);
    const found = this.get(resource, namespace, name);
    const isGraceful = resource.resource === 'pods' && options.gracePeriodSeconds !== 0;
    if (isGraceful || (found.metadata.finalizers?.length ?? 0) > 0) {
      const grace = options.gracePeriodSeconds ?? 30;
      const metadata = {
        ...found.metadata,
        deletionTimestamp: new Date(0).toISOString(),
        deletionGracePeriodSeconds: grace,
      };
      this.#put(resource, path, { ...found, metadata }, 'MODIFIED');
      return;
    }
    this.#objects.delete(path);
    this.#tell(resource, { type: 'DELETED', object: found });
  }

  watch(resource: ResourceRef, handler: (event: WatchEvent) => void): { stop(): void } {
    const entry = { resource: resource.resource, handler };
    this.#watches.add(entry);
    for (const object of this.list(resource)) handler({ type: 'ADDED', object });
    return { stop: () => void this.#watches.delete(entry) };
  }

  recordEvent(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const event = { about: about.metadata.name ?? '', type, reason, message };
    this.events.push(event);
    for (const listener of this.#eventListeners) listener(event);
  }

  #replace(resource: ResourceRef, object: KubeObject, merge: (old: KubeObject) => KubeObject): KubeObject {
    const { namespace, name = '', resourceVersion } = object.metadata;
    const old = this.get(resource, namespace, name);
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
      throw conflict(resource, name);
    return this.#put(resource, key(resource, namespace, name), merge(old), 'MODIFIED');
  }

  #put(resource: ResourceRef, path: string, object: KubeObject, type: WatchEvent['type']): KubeObject {
    const stored = structuredClone({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(++this.#version) },
    });
    this.#objects.set(path, stored);
    this.#tell(resource, { type, object: structuredClone(stored) });
    return structuredClone(stored);
  }

  #tell(resource: ResourceRef, event: WatchEvent): void {
    queueMicrotask(() => {
      for (const watch of this.#watches)
        if (watch.resource === resource.resource) watch.handler(structuredClone(event));
    });
  }
}

function key(resource: ResourceRef, namespace: string | undefined, name: string): string {
  return `${resource.resource}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
