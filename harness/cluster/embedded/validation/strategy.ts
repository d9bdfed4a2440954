import type { ServedResource } from '../resource-table.ts';
import type { KindStrategy } from './kind-strategy.ts';
import { crdStrategy } from './custom-resource-definition.ts';
import { namespaceStrategy } from './namespace.ts';
import { podStrategy } from './pod.ts';
import { clusterRoleStrategy } from './rbac.ts';
import { secretStrategy } from './secret.ts';
import { claimStrategy, persistentVolumeStrategy } from './storage.ts';

const CREATES_ON_UPDATE: KindStrategy = { createsOnUpdate: true };

const STRATEGIES: Readonly<Record<string, KindStrategy>> = {
  '/pods': podStrategy,
  '/namespaces': namespaceStrategy,
  '/secrets': secretStrategy,
  '/persistentvolumeclaims': claimStrategy,
  '/persistentvolumes': persistentVolumeStrategy,
  'rbac.authorization.k8s.io/clusterroles': clusterRoleStrategy,
  'rbac.authorization.k8s.io/clusterrolebindings': CREATES_ON_UPDATE,
  'rbac.authorization.k8s.io/roles': CREATES_ON_UPDATE,
  'rbac.authorization.k8s.io/rolebindings': CREATES_ON_UPDATE,
  'coordination.k8s.io/leases': CREATES_ON_UPDATE,
  '/events': { createsOnUpdate: true, isNotCollected: true },
  'apiextensions.k8s.io/customresourcedefinitions': crdStrategy,
};

const PLAIN: KindStrategy = {};

/** Rules for a custom resource: its status is empty at first where it has the subresource. */
const CUSTOM_WITH_STATUS: KindStrategy = {
  prepareCreate: (object) => void delete object['status'],
};

export function strategyOf(served: ServedResource): KindStrategy {
  if (served.custom) return served.custom.hasStatus ? CUSTOM_WITH_STATUS : PLAIN;
  return STRATEGIES[served.key] ?? PLAIN;
}
