import type { KindStrategy } from './kind-strategy.ts';

export const CLAIM_PROTECTION_FINALIZER = 'kubernetes.io/pvc-protection';

/** A claim's finalizer keeps it while a pod uses it, as the storage object protection admission does. */
export const claimStrategy: KindStrategy = {
  prepareCreate(object) {
    object['status'] = { phase: 'Pending' };
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(CLAIM_PROTECTION_FINALIZER)) {
      object.metadata.finalizers = [...finalizers, CLAIM_PROTECTION_FINALIZER];
    }
  },
};

export const persistentVolumeStrategy: KindStrategy = {
  prepareCreate(object) {
    object['status'] = { phase: 'Pending' };
  },
};
