import type { KindStrategy } from './kind-strategy.ts';
import { claimWarnings, volumeWarnings } from './warnings/kind-warnings.ts';

export const CLAIM_PROTECTION_FINALIZER = 'kubernetes.io/pvc-protection';

/** A claim's finalizer keeps it while a pod uses it, as the storage object protection admission does. */
export const claimStrategy: KindStrategy = {
  warnings: claimWarnings,
  updateWarnings: claimWarnings,
  prepareCreate(object) {
    object['status'] = { phase: 'Pending' };
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(CLAIM_PROTECTION_FINALIZER)) {
      object.metadata.finalizers = [...finalizers, CLAIM_PROTECTION_FINALIZER];
    }
  },
};

export const persistentVolumeStrategy: KindStrategy = {
  warnings: volumeWarnings,
  updateWarnings: volumeWarnings,
  prepareCreate(object) {
    object['status'] = { phase: 'Pending' };
  },
};
