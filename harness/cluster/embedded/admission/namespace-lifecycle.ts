import type { AdmissionPlugin } from '../api-core.ts';
import { forbidden, notFound } from '../kube-status.ts';

const KEPT = new Set(['default', 'kube-system', 'kube-public']);

/** Nothing is created in a namespace that does not exist or is going; the system's own are not deleted. */
export const namespaceLifecycle: AdmissionPlugin = {
  mutate({ core, operation, served, namespace, name, subresource }) {
    if (operation !== 'CREATE' || subresource !== '' || namespace === undefined) return;
    const found = core.store.get('/namespaces', undefined, namespace);
    if (found === undefined) throw notFound({ group: '', resource: 'namespaces' }, namespace);
    if (found.metadata.deletionTimestamp === undefined) return;
    throw forbidden(
      served,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    );
  },
  validate({ operation, served, name }) {
    if (operation === 'DELETE' && served.key === '/namespaces' && KEPT.has(name)) {
      throw forbidden(served, name, 'this namespace may not be deleted');
    }
  },
};
