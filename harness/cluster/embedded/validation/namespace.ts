import { arrayAt, objectAt } from '../json.ts';
import type { KindStrategy } from './kind-strategy.ts';

/** Held by `spec.finalizers` until the namespace controller has emptied it and calls the subresource `finalize`. */
export const namespaceStrategy: KindStrategy = {
  prepareCreate(object) {
    const own = arrayAt(object, 'spec', 'finalizers').filter((finalizer) => finalizer !== 'kubernetes');
    object['spec'] = { finalizers: [...own, 'kubernetes'] };
    object['status'] = { phase: 'Active' };
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name ?? '' };
  },
  prepareUpdate(object, previous, subresource) {
    const status = objectAt(object, 'status');
    if (!status['phase']) object['status'] = { ...status, phase: 'Active' };
    // spec.finalizers changes through `finalize` alone.
    if (subresource !== 'finalize')
      object['spec'] = { ...objectAt(object, 'spec'), finalizers: [...arrayAt(previous, 'spec', 'finalizers')] };
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name ?? '' };
  },
  markDeleted(object) {
    object['status'] = { ...objectAt(object, 'status'), phase: 'Terminating' };
    delete object.metadata.deletionGracePeriodSeconds;
  },
};
