import type { KubeObject } from './objects.ts';
import { compareVersions, keyOf } from './objects.ts';

export type Indexer<T> = (object: T) => readonly string[];

/** Called after the cache has changed. `object` is undefined for a deletion. */
export type ChangeHandler<T> = (key: string, object: T | undefined, previous: T | undefined) => void;

/** What a reflector knows: objects by key and by index. Objects in it are shared; whoever changes one copies it first. */
export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: Readonly<Record<string, Indexer<T>>>;
  readonly #indexes = new Map<string, Map<string, Set<string>>>();
  readonly #handlers: ChangeHandler<T>[] = [];

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}) {
    this.#indexers = indexers;
    for (const name of Object.keys(indexers)) this.#indexes.set(name, new Map());
  }

  onChange(handler: ChangeHandler<T>): void {
    this.#handlers.push(handler);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  /** The objects whose indexer `index` names `value`. */
  byIndex(index: string, value: string): T[] {
    const keys = this.#indexes.get(index)?.get(value) ?? [];
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /**
   * Takes an object in unless what is here is as new or newer: a watch event may come after the answer to our own write.
   * Returns whether anything changed.
   */
  put(object: T): boolean {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    if (previous !== undefined && previous.metadata.uid === object.metadata.uid) {
      const order = compareVersions(object.metadata.resourceVersion, previous.metadata.resourceVersion);
      if (order !== undefined && order <= 0) return false;
    }
    this.#objects.set(key, object);
    this.#reindex(key, previous, object);
    for (const handler of this.#handlers) handler(key, object, previous);
    return true;
  }

  remove(key: string): boolean {
    const previous = this.#objects.get(key);
    if (previous === undefined) return false;
    this.#objects.delete(key);
    this.#reindex(key, previous, undefined);
    for (const handler of this.#handlers) handler(key, undefined, previous);
    return true;
  }

  /** Becomes this list and tells the handlers of each difference. What is newer than the list (our own write's answer) stays. */
  replace(objects: readonly T[], version?: string): void {
    const listed = new Set(objects.map(keyOf));
    for (const [key, known] of this.#objects) {
      const order = compareVersions(known.metadata.resourceVersion, version);
      if (!listed.has(key) && !(order !== undefined && order > 0)) this.remove(key);
    }
    for (const object of objects) this.put(object);
  }

  #reindex(key: string, previous: T | undefined, object: T | undefined): void {
    for (const [name, indexer] of Object.entries(this.#indexers)) {
      const index = this.#indexes.get(name);
      if (index === undefined) continue;
      for (const value of previous === undefined ? [] : indexer(previous)) {
        const keys = index.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index.delete(value);
      }
      for (const value of object === undefined ? [] : indexer(object)) {
        const keys = index.get(value) ?? new Set<string>();
        index.set(value, keys.add(key));
      }
    }
  }
}
