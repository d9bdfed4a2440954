import type { ServedResource } from '../resource-table.ts';
import type { KindStrategy } from './kind-strategy.ts';
import { crdStrategy } from './custom-resource-definition.ts';
import { configMapStrategy, secretStrategy } from './config.ts';
import { namespaceStrategy } from './namespace.ts';
import { podStrategy } from './pod.ts';
import { rbacBindingStrategy, rbacRoleStrategy } from './rbac.ts';
import { claimStrategy, persistentVolumeStrategy, storageClassStrategy } from './storage.ts';

const STRATEGIES: Readonly<Record<string, KindStrategy>> = {
  '/pods': podStrategy,
  '/namespaces': namespaceStrategy,
  '/configmaps': configMapStrategy,
  '/secrets': secretStrategy,
  '/persistentvolumeclaims': claimStrategy,
  '/persistentvolumes': persistentVolumeStrategy,
  'storage.k8s.io/storageclasses': storageClassStrategy,
  'apiextensions.k8s.io/customresourcedefinitions': crdStrategy,
  'rbac.authorization.k8s.io/roles': rbacRoleStrategy,
  'rbac.authorization.k8s.io/clusterroles': rbacRoleStrategy,
  'rbac.authorization.k8s.io/rolebindings': rbacBindingStrategy,
  'rbac.authorization.k8s.io/clusterrolebindings': rbacBindingStrategy,
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
