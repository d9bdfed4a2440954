import { WavetankError } from '../../../core/errors.ts';
import type { KubeObject } from '../../../engine/kubernetes/objects.ts';

export interface StorageClass extends KubeObject {
  readonly provisioner?: string;
  readonly reclaimPolicy?: string;
}

const DEFAULT = 'storageclass.kubernetes.io/is-default-class';

/**
 * The class that jobs' volumes get, and that it deletes what was released: data that stays on a disk after its job is a leak.
 * @throws WavetankError STORAGE_CLASS_MISSING, STORAGE_CLASS_RETAINS (environment)
 */
export function requireDeletingDefault(classes: readonly StorageClass[]): StorageClass {
  const found = classes.find(({ metadata }) => metadata.annotations?.[DEFAULT] === 'true');
  if (found === undefined)
    throw new WavetankError(
      'STORAGE_CLASS_MISSING',
      'The cluster has no default storage class for the volumes of jobs.',
      {
        category: 'environment',
        hint: `Mark one with the annotation ${DEFAULT}=true. It has: ${classes.map(({ metadata }) => metadata.name).join(', ') || 'none'}.`,
      },
    );
  if (found.reclaimPolicy === 'Retain')
    throw new WavetankError(
      'STORAGE_CLASS_RETAINS',
      `The default storage class ${found.metadata.name} keeps volumes that were released, and with them the data of jobs.`,
      { category: 'environment', hint: 'Make one with reclaimPolicy: Delete the default.' },
    );
  return found;
}
