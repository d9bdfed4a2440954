import type { ApiCore } from '../api-core.ts';
import { internalContext } from '../api-core.ts';
import { CRD_KEY, establish, storedAs } from '../crd/establish.ts';
import { cloneJson } from '../json.ts';
import { isReadyToGo } from '../lifecycle.ts';
import { CRD_CLEANUP_FINALIZER } from '../validation/custom-resource-definition.ts';
import { deleteObject } from '../verbs/delete.ts';
import { startLevelLoop } from './level-loop.ts';

/** A definition that is being deleted takes its objects along, then stops being served. */
export function startDefinitionCleanup(core: ApiCore): { stop(): void } {
  const isGoing = (): boolean =>
    core.store.list(CRD_KEY).some((definition) => definition.metadata.deletionTimestamp !== undefined);
  return startLevelLoop(core, isGoing, () => {
    for (const definition of core.store.list(CRD_KEY)) {
      if (definition.metadata.deletionTimestamp !== undefined) cleanUp(core, definition.metadata.name ?? '');
    }
  });
}

function cleanUp(core: ApiCore, name: string): void {
  const definition = core.store.get(CRD_KEY, undefined, name);
  if (definition === undefined) return;
  const served = storedAs(definition);
  const objects = core.store.list(served.key);
  for (const object of objects) {
    if (object.metadata.deletionTimestamp === undefined)
      deleteObject(core, internalContext(), served, object.metadata.namespace, object.metadata.name ?? '');
  }
  if (core.store.list(served.key).length > 0) return;
  core.resources.setCustom(name, []);
  const freed = cloneJson(definition);
  freed.metadata.finalizers = (freed.metadata.finalizers ?? []).filter(
    (finalizer) => finalizer !== CRD_CLEANUP_FINALIZER,
  );
  if (isReadyToGo(freed)) core.store.remove(CRD_KEY, undefined, name);
  else if (freed.metadata.finalizers.length < (definition.metadata.finalizers ?? []).length)
    core.store.put(CRD_KEY, freed);
  // Names have come free: a definition that wanted them may have them now.
  for (const other of core.store.list(CRD_KEY)) establish(core, other);
}
