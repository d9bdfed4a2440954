import type { ApiCore } from '../api-core.ts';
import { internalContext } from '../api-core.ts';
import { cloneJson } from '../json.ts';
import type { KubeObject, OwnerReference } from '../kube-object.ts';
import { isReadyToGo } from '../lifecycle.ts';
import type { ServedResource } from '../resource-table.ts';
import { deleteObject, FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../verbs/delete.ts';
import { startLevelLoop } from './level-loop.ts';

/**
 * Deletes what is owned by objects that are gone, and finishes foreground and orphan deletions.
 * An index from owner to dependents follows the history, so that the cost of a change does not grow with the cluster.
 */
export function startGarbageCollector(core: ApiCore): { stop(): void } {
  const collector = new GarbageCollector(core);
  return startLevelLoop(
    core,
    () => true,
    () => collector.sync(),
  );
}

interface Located {
  readonly served: ServedResource;
  readonly object: KubeObject;
}

class GarbageCollector {
  readonly #core: ApiCore;
  /** uid of an owner -> uids of its dependents. */
  readonly #dependents = new Map<string, Set<string>>();
  readonly #located = new Map<
    string,
    { key: string; namespace: string | undefined; name: string; owners: readonly string[] }
  >();
  #seen = 0;

  constructor(core: ApiCore) {
    this.#core = core;
  }

  sync(): void {
    const { store } = this.#core;
    const toCheck = new Set<string>();
    // Whatever it deletes is a change of its own, which the next round looks at.
    for (const change of store.changesAfter(Math.max(this.#seen, store.oldestVersion))) {
      const uid = change.object.metadata.uid ?? '';
      // One that waits for its dependents may have waited for this change.
      for (const owner of this.#located.get(uid)?.owners ?? []) toCheck.add(owner);
      if (change.type === 'DELETED') {
        for (const dependent of this.#dependents.get(uid) ?? []) toCheck.add(dependent);
        this.#forget(uid);
      } else {
        this.#remember(change.resource, change.object);
        toCheck.add(uid);
      }
    }
    this.#seen = store.version;
    for (const uid of toCheck) this.#check(uid);
  }

  #remember(key: string, object: KubeObject): void {
    const uid = object.metadata.uid ?? '';
    this.#forget(uid);
    const owners = (object.metadata.ownerReferences ?? []).map((reference) => reference.uid);
    this.#located.set(uid, { key, namespace: object.metadata.namespace, name: object.metadata.name ?? '', owners });
    for (const owner of owners) {
      const dependents = this.#dependents.get(owner) ?? new Set<string>();
      this.#dependents.set(owner, dependents.add(uid));
    }
  }

  #forget(uid: string): void {
    for (const owner of this.#located.get(uid)?.owners ?? []) {
      const dependents = this.#dependents.get(owner);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner);
    }
    this.#located.delete(uid);
  }

  #find(uid: string): Located | undefined {
    const place = this.#located.get(uid);
    if (place === undefined) return undefined;
    const served = this.#core.resources.all().find((resource) => resource.key === place.key);
    const object = this.#core.store.get(place.key, place.namespace, place.name);
    return served && object?.metadata.uid === uid ? { served, object } : undefined;
  }

  #check(uid: string): void {
    const located = this.#find(uid);
    if (located === undefined) return;
    const { object } = located;
    if (object.metadata.deletionTimestamp !== undefined) this.#finishDeletion(located);
    else this.#collectOrphaned(located);
  }

  /**
   * An object that some owner keeps loses its references to all others; one that no owner keeps is deleted.
   * Nothing happens to an object of one of whose owners nothing can be said.
   */
  #collectOrphaned(located: Located): void {
    const { served, object } = located;
    const references = object.metadata.ownerReferences ?? [];
    if (references.length === 0) return;
    const states = references.map((reference) => this.#ownerState(reference, object.metadata.namespace));
    if (states.includes('unknown')) return;
    if (states.includes('present')) {
      const others = references.filter((_reference, index) => states[index] !== 'present');
      if (others.length > 0) this.#dropReferences(located, new Set(others.map(({ uid }) => uid)));
      return;
    }
    deleteObject(this.#core, internalContext(), served, object.metadata.namespace, object.metadata.name ?? '', {
      uid: object.metadata.uid,
      propagationPolicy:
        states.includes('waiting') && this.#dependents.has(object.metadata.uid ?? '') ? 'Foreground' : undefined,
    });
  }

  #ownerState(reference: OwnerReference, namespace: string | undefined): 'present' | 'gone' | 'waiting' | 'unknown' {
    const served = this.#core.resources.byKind(reference.apiVersion, reference.kind);
    // A kind that is not served may come back; an object outside of namespaces cannot say in which one its owner is.
    if (served === undefined || (served.namespaced && namespace === undefined)) return 'unknown';
    const owner = this.#core.store.get(served.key, served.namespaced ? namespace : undefined, reference.name);
    if (owner === undefined || owner.metadata.uid !== reference.uid) return 'gone';
    const isForeground =
      owner.metadata.deletionTimestamp !== undefined &&
      (owner.metadata.finalizers ?? []).includes(FOREGROUND_FINALIZER);
    return isForeground ? 'waiting' : 'present';
  }

  #finishDeletion({ served, object }: Located): void {
    const finalizers = object.metadata.finalizers ?? [];
    const uid = object.metadata.uid ?? '';
    if (finalizers.includes(ORPHAN_FINALIZER)) {
      for (const dependent of this.#dependentsOf(uid)) this.#dropReferences(dependent, new Set([uid]));
      this.#dropFinalizer(served, object, ORPHAN_FINALIZER);
      return;
    }
    if (!finalizers.includes(FOREGROUND_FINALIZER)) return;
    for (const dependent of this.#dependentsOf(uid))
      if (dependent.object.metadata.deletionTimestamp === undefined) this.#collectOrphaned(dependent);
    const isBlocked = this.#dependentsOf(uid).some((dependent) =>
      (dependent.object.metadata.ownerReferences ?? []).some(
        (reference) => reference.uid === uid && reference.blockOwnerDeletion === true,
      ),
    );
    if (!isBlocked) this.#dropFinalizer(served, object, FOREGROUND_FINALIZER);
  }

  /** As they are now. */
  #dependentsOf(uid: string): Located[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#find(dependent) ?? []);
  }

  #dropReferences({ served, object }: Located, ownerUids: ReadonlySet<string>): void {
    const freed = cloneJson(object);
    const others = (freed.metadata.ownerReferences ?? []).filter((reference) => !ownerUids.has(reference.uid));
    if (others.length > 0) freed.metadata.ownerReferences = others;
    else delete freed.metadata.ownerReferences;
    this.#core.store.put(served.key, freed);
  }

  #dropFinalizer(served: ServedResource, object: KubeObject, finalizer: string): void {
    const freed = cloneJson(object);
    freed.metadata.finalizers = (freed.metadata.finalizers ?? []).filter((item) => item !== finalizer);
    if (freed.metadata.finalizers.length === 0) delete freed.metadata.finalizers;
    if (isReadyToGo(freed)) this.#core.store.remove(served.key, object.metadata.namespace, object.metadata.name ?? '');
    else this.#core.store.put(served.key, freed);
  }
}
