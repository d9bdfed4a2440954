import type { KubeObject } from '../kube-object.ts';
import type { Store } from './store.ts';

export interface CursorEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
  readonly version: number;
}

/** Which objects a watch is about. */
export interface WatchScope {
  readonly resource: string;
  readonly namespace: string | undefined;
  /** Label and field selector in one. */
  matches(object: KubeObject): boolean;
}

/**
 * A place in the history. An object that comes to match shows as ADDED, one that ceases to match as DELETED,
 * as the API server translates them for a watch with selectors.
 */
export class WatchCursor {
  readonly #store: Store;
  readonly #scope: WatchScope;
  #version: number;

  constructor(store: Store, scope: WatchScope, version: number) {
    this.#store = store;
    this.#scope = scope;
    this.#version = version;
  }

  /** Everything up to this version has been seen. */
  get version(): number {
    return this.#version;
  }

  /** The events since the last call; undefined when the history no longer reaches back that far. */
  next(): readonly CursorEvent[] | undefined {
    if (this.#version < this.#store.oldestVersion) return undefined;
    const events: CursorEvent[] = [];
    for (const change of this.#store.changesAfter(this.#version)) {
      const event = this.#translate(change);
      if (event !== undefined) events.push(event);
    }
    this.#version = this.#store.version;
    return events;
  }

  #translate(change: ReturnType<Store['changesAfter']>[number]): CursorEvent | undefined {
    const { resource, namespace } = this.#scope;
    if (change.resource !== resource) return undefined;
    if (namespace !== undefined && change.object.metadata.namespace !== namespace) return undefined;
    const { object, version, previous } = change;
    const didMatch = previous !== undefined && this.#scope.matches(previous);
    const doesMatch = change.type !== 'DELETED' && this.#scope.matches(object);
    if (doesMatch) return { type: didMatch ? 'MODIFIED' : 'ADDED', object, version };
    if (!didMatch) return undefined;
    if (change.type === 'DELETED') return { type: 'DELETED', object, version };
    // The state that last matched, with the version of the change that ended it.
    return {
      type: 'DELETED',
      version,
      object: { ...previous, metadata: { ...previous.metadata, resourceVersion: String(version) } },
    };
  }
}
