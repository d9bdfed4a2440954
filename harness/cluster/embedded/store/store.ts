import type { KubeObject } from '../kube-object.ts';
import { deepFreeze } from '../json.ts';

/** One write. Versions have no gaps: the change of version n is the nth write of this store. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** `group/plural` */
  readonly resource: string;
  readonly version: number;
  /** Deeply frozen. Of a deletion: the last state, with the version of the deletion. */
  readonly object: KubeObject;
  /** What the object was before; undefined for ADDED. */
  readonly previous: KubeObject | undefined;
}

export interface StoreOptions {
  /** How many changes a watch may lie behind. Default 20,000. */
  readonly historyLength?: number;
}

/**
 * The synchronous core: objects by resource and key, one global version, and the changes of the recent past.
 * A caller reads, decides and writes without an await between, so that no write can come between: there is no lock to forget.
 * Objects in it are frozen; whoever wants to change one copies it first.
 */
export class Store {
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #sortedKeys = new Map<string, string[]>();
  readonly #historyLength: number;
  readonly #listeners = new Set<() => void>();
  #history: Change[] = [];
  #version = 1;
  #isNotifying = false;

  constructor(options: StoreOptions = {}) {
    this.#historyLength = options.historyLength ?? 20_000;
  }

  /** The version of the newest write. */
  get version(): number {
    return this.#version;
  }

  /** Changes after this version are still known; asking from before it is a 410. */
  get oldestVersion(): number {
    return this.#version - this.#history.length;
  }

  get(resource: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(resource)?.get(keyOf(namespace, name));
  }

  /** In the order of namespace and name, as etcd lists them. */
  list(resource: string, namespace?: string): readonly KubeObject[] {
    const objects = this.#objects.get(resource);
    if (objects === undefined) return [];
    const found: KubeObject[] = [];
    for (const key of this.#sortedKeys.get(resource) ?? []) {
      const object = objects.get(key);
      if (object !== undefined && (namespace === undefined || object.metadata.namespace === namespace))
        found.push(object);
    }
    return found;
  }

  /** The list as it was at a version between `oldestVersion` and `version`: the changes since are taken back. */
  listAt(resource: string, namespace: string | undefined, version: number): readonly KubeObject[] {
    if (version >= this.#version) return this.list(resource, namespace);
    const objects = new Map(this.#objects.get(resource));
    for (const change of this.changesAfter(version).toReversed()) {
      if (change.resource !== resource) continue;
      const key = keyOf(change.object.metadata.namespace, change.object.metadata.name ?? '');
      if (change.previous === undefined) objects.delete(key);
      else objects.set(key, change.previous);
    }
    return [...objects.keys()]
      .toSorted(compareKeys)
      .flatMap((key) => objects.get(key) ?? [])
      .filter((object) => namespace === undefined || object.metadata.namespace === namespace);
  }

  /** Stores the object under the next version, which it writes into it. The object belongs to the store from then on. */
  put(resource: string, object: KubeObject): KubeObject {
    const key = keyOf(object.metadata.namespace, object.metadata.name ?? '');
    let objects = this.#objects.get(resource);
    if (objects === undefined) this.#objects.set(resource, (objects = new Map<string, KubeObject>()));
    const previous = objects.get(key);
    object.metadata.resourceVersion = String(++this.#version);
    deepFreeze(object);
    objects.set(key, object);
    if (previous === undefined) this.#insertKey(resource, key);
    this.#record({ type: previous ? 'MODIFIED' : 'ADDED', resource, version: this.#version, object, previous });
    return object;
  }

  remove(resource: string, namespace: string | undefined, name: string): KubeObject | undefined {
    const key = keyOf(namespace, name);
    const previous = this.#objects.get(resource)?.get(key);
    if (previous === undefined) return undefined;
    this.#objects.get(resource)?.delete(key);
    const keys = this.#sortedKeys.get(resource);
    keys?.splice(placeOf(keys, key), 1);
    const version = ++this.#version;
    const object = deepFreeze({ ...previous, metadata: { ...previous.metadata, resourceVersion: String(version) } });
    this.#record({ type: 'DELETED', resource, version, object, previous });
    return object;
  }

  /** Every change after a version that is not older than `oldestVersion`. */
  changesAfter(version: number): readonly Change[] {
    return this.#history.slice(Math.max(0, version - this.oldestVersion));
  }

  /** Forgets changes up to a version, as etcd's compaction does. */
  compact(version: number): void {
    this.#history = this.#history.slice(Math.max(0, version - this.oldestVersion));
  }

  /** Told after writes, never within one; several writes may be told at once. */
  onChange(listener: () => void): { stop(): void } {
    this.#listeners.add(listener);
    return { stop: () => void this.#listeners.delete(listener) };
  }

  #insertKey(resource: string, key: string): void {
    const keys = this.#sortedKeys.get(resource);
    if (keys === undefined) this.#sortedKeys.set(resource, [key]);
    else keys.splice(placeOf(keys, key), 0, key);
  }

  #record(change: Change): void {
    this.#history.push(change);
    // Cut in blocks: cutting one at a time would copy the whole history at every write.
    if (this.#history.length > this.#historyLength * 1.25) this.#history = this.#history.slice(-this.#historyLength);
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      for (const listener of this.#listeners) listener();
    });
  }
}

/** A newline cannot be part of a name, and sorts before every character that can. */
function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}\n${name}`;
}

/** Where a key is, or belongs, in a sorted list. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
