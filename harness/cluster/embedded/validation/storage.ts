import { arrayAt, equalJson, objectAt, stringAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';
import type { KindStrategy } from './kind-strategy.ts';
import { forbiddenField, invalidValue, required } from './metadata.ts';
import { parseQuantity } from './quantity.ts';

export const CLAIM_PROTECTION_FINALIZER = 'kubernetes.io/pvc-protection';

/** A claim's finalizer keeps it while a pod uses it, as the storage object protection admission does. */
export const claimStrategy: KindStrategy = {
  prepareCreate(object) {
    object['status'] = { phase: 'Pending' };
    const spec = objectAt(object, 'spec');
    if (Object.keys(spec).length > 0) spec['volumeMode'] ??= 'Filesystem';
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(CLAIM_PROTECTION_FINALIZER))
      object.metadata.finalizers = [...finalizers, CLAIM_PROTECTION_FINALIZER];
  },
  validate(object) {
    const storage = valueAt(object, 'spec', 'resources', 'requests', 'storage');
    const causes: FieldCause[] = [];
    if (arrayAt(object, 'spec', 'accessModes').length === 0)
      causes.push(required('spec.accessModes', 'at least 1 access mode is required'));
    if (storage === undefined) causes.push(required('spec.resources[storage]'));
    else if ((parseQuantity(storage) ?? 0) <= 0)
      causes.push(invalidValue('spec.resources[storage]', storage, 'must be greater than zero'));
    return causes;
  },
  validateUpdate(object, previous, subresource) {
    if (subresource === 'status') return [];
    const fixed = (claim: KubeObject): unknown => {
      const { resources: _resources, volumeName: _name, ...rest } = objectAt(claim, 'spec');
      return rest;
    };
    const hadVolume = stringAt(previous, 'spec', 'volumeName');
    const isSame =
      equalJson(fixed(object), fixed(previous)) && (!hadVolume || hadVolume === stringAt(object, 'spec', 'volumeName'));
    return isSame
      ? []
      : [
          forbiddenField(
            'spec',
            'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
          ),
        ];
  },
};

export const persistentVolumeStrategy: KindStrategy = {
  prepareCreate(object) {
    object['status'] = { phase: 'Pending' };
    const spec = objectAt(object, 'spec');
    spec['persistentVolumeReclaimPolicy'] ??= 'Retain';
    spec['volumeMode'] ??= 'Filesystem';
  },
  validate(object) {
    const causes: FieldCause[] = [];
    if (valueAt(object, 'spec', 'capacity', 'storage') === undefined) causes.push(required('spec.capacity'));
    if (arrayAt(object, 'spec', 'accessModes').length === 0) causes.push(required('spec.accessModes'));
    return causes;
  },
};

export const storageClassStrategy: KindStrategy = {
  prepareCreate(object) {
    object['reclaimPolicy'] ??= 'Delete';
    object['volumeBindingMode'] ??= 'Immediate';
  },
  validate: (object) => (stringAt(object, 'provisioner') ? [] : [required('provisioner')]),
  validateUpdate: (object, previous) =>
    (['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const)
      .filter((field) => !equalJson(object[field], previous[field]))
      .map((field) => forbiddenField(field, 'updates to this field are forbidden.')),
};
