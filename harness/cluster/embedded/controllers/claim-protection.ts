import type { ApiCore } from '../api-core.ts';
import { arrayAt, cloneJson, stringAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { isReadyToGo } from '../lifecycle.ts';
import { CLAIM_PROTECTION_FINALIZER } from '../validation/storage.ts';
import { startLevelLoop } from './level-loop.ts';

const CLAIMS = '/persistentvolumeclaims';

/** A claim that is being deleted goes when no running or waiting pod uses it any more. */
export function startClaimProtection(core: ApiCore): { stop(): void } {
  return startLevelLoop(
    core,
    (resource) => resource === CLAIMS || resource === '/pods',
    () => {
      for (const claim of core.store.list(CLAIMS))
        if (claim.metadata.deletionTimestamp !== undefined && !isUsed(core, claim)) release(core, claim);
    },
  );
}

function isUsed(core: ApiCore, claim: KubeObject): boolean {
  return core.store
    .list('/pods', claim.metadata.namespace)
    .some(
      (pod) =>
        !['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase') ?? '') &&
        arrayAt(pod, 'spec', 'volumes').some(
          (volume) => stringAt(volume, 'persistentVolumeClaim', 'claimName') === claim.metadata.name,
        ),
    );
}

function release(core: ApiCore, claim: KubeObject): void {
  const finalizers = claim.metadata.finalizers ?? [];
  if (!finalizers.includes(CLAIM_PROTECTION_FINALIZER)) return;
  const freed = cloneJson(claim);
  freed.metadata.finalizers = finalizers.filter((finalizer) => finalizer !== CLAIM_PROTECTION_FINALIZER);
  if (freed.metadata.finalizers.length === 0) delete freed.metadata.finalizers;
  if (isReadyToGo(freed)) core.store.remove(CLAIMS, claim.metadata.namespace, claim.metadata.name ?? '');
  else core.store.put(CLAIMS, freed);
}
