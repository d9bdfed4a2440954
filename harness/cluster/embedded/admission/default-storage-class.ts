import type { AdmissionPlugin } from '../api-core.ts';
import { objectAt } from '../json.ts';

/** A claim without a class gets the default one; `""` asks for none and stays. */
export const defaultStorageClass: AdmissionPlugin = {
  mutate({ core, operation, served, object }) {
    if (operation !== 'CREATE' || served.key !== '/persistentvolumeclaims' || object === undefined) return;
    const spec = objectAt(object, 'spec');
    if (spec['storageClassName'] !== undefined) return;
    const found = core.store
      .list('storage.k8s.io/storageclasses')
      .find(
        (storageClass) => storageClass.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
      );
    if (found?.metadata.name !== undefined) spec['storageClassName'] = found.metadata.name;
  },
};
