import type { ApiAccess, ResourceRef } from '../api-access.ts';
import type { KubeObject } from '../kube-object.ts';
import { isKubeStatus } from '../kube-status.ts';

const NAMESPACES: ResourceRef = { group: '', version: 'v1', resource: 'namespaces' };
const ACCOUNTS: ResourceRef = { group: '', version: 'v1', resource: 'serviceaccounts' };
const CONFIG_MAPS: ResourceRef = { group: '', version: 'v1', resource: 'configmaps' };

const CA_DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Every namespace has a service account `default` and the certificate authority in `kube-root-ca.crt`; deleted, they come back. */
export function startDefaultServiceAccounts(access: ApiAccess, caPem: string): { stop(): void } {
  const ensure = (namespace: string): void => {
    ignoreLostRaces(() => access.create(ACCOUNTS, namespace, { metadata: { name: 'default' } }));
    ignoreLostRaces(() =>
      access.create(CONFIG_MAPS, namespace, {
        metadata: { name: 'kube-root-ca.crt', annotations: { 'kubernetes.io/description': CA_DESCRIPTION } },
        data: { 'ca.crt': caPem },
      }),
    );
  };
  // At once for what is there: the first pod may come right after the start.
  for (const namespace of access.list(NAMESPACES)) ensure(namespace.metadata.name ?? '');
  const watches = [
    access.watch(NAMESPACES, ({ type, object }) => {
      if (type === 'ADDED' && isActive(object)) ensure(object.metadata.name ?? '');
    }),
    access.watch(ACCOUNTS, ({ type, object }) => {
      if (type === 'DELETED' && object.metadata.name === 'default') ensure(object.metadata.namespace ?? '');
    }),
    access.watch(CONFIG_MAPS, ({ type, object }) => {
      if (type === 'DELETED' && object.metadata.name === 'kube-root-ca.crt') ensure(object.metadata.namespace ?? '');
    }),
  ];
  return { stop: () => watches.forEach((watch) => watch.stop()) };
}

function isActive(namespace: KubeObject): boolean {
  return namespace.metadata.deletionTimestamp === undefined;
}

/** It is there already, or its namespace is going or gone: each is what was wanted. */
function ignoreLostRaces(create: () => unknown): void {
  try {
    create();
  } catch (error) {
    if (!isKubeStatus(error, 'AlreadyExists') && !isKubeStatus(error, 'NotFound') && !isKubeStatus(error, 'Forbidden'))
      throw error;
  }
}
