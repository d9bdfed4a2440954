import type { KubeObject } from '../kube-object.ts';
import type { ServedResource } from '../resource-table.ts';
import type { KindStrategy } from './kind-strategy.ts';
import { crdStrategy } from './custom-resource-definition.ts';
import { namespaceStrategy } from './namespace.ts';
import { podStrategy } from './pod.ts';
import { clusterRoleStrategy } from './rbac.ts';
import { secretStrategy } from './secret.ts';
import { serviceAccountStrategy } from './service-account.ts';
import { claimStrategy, persistentVolumeStrategy } from './storage.ts';
import { networkPolicyWarnings, nodeWarnings } from './warnings/kind-warnings.ts';

const CREATES_ON_UPDATE: KindStrategy = { createsOnUpdate: true };

const STRATEGIES: Readonly<Record<string, KindStrategy>> = {
  '/pods': podStrategy,
  '/namespaces': namespaceStrategy,
  '/secrets': secretStrategy,
  '/serviceaccounts': serviceAccountStrategy,
  '/persistentvolumeclaims': claimStrategy,
  '/persistentvolumes': persistentVolumeStrategy,
  '/nodes': { warnings: nodeWarnings, updateWarnings: nodeWarnings },
  'networking.k8s.io/networkpolicies': { warnings: networkPolicyWarnings, updateWarnings: networkPolicyWarnings },
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
const CUSTOM: KindStrategy = {
  warnings: (object) => finalizerWarnings(object, []),
  updateWarnings: (object, previous) => finalizerWarnings(object, previous.metadata.finalizers ?? []),
};

const CUSTOM_WITH_STATUS: KindStrategy = {
  ...CUSTOM,
  prepareCreate: (object) => void delete object['status'],
};

export function strategyOf(served: ServedResource): KindStrategy {
  if (served.custom) return served.custom.hasStatus ? CUSTOM_WITH_STATUS : CUSTOM;
  return STRATEGIES[served.key] ?? PLAIN;
}

/** Kinds of others take any finalizer, and say what they think of it. */
function finalizerWarnings(object: KubeObject, known: readonly string[]): string[] {
  return (object.metadata.finalizers ?? [])
    .filter((name) => !name.includes('/') && !known.includes(name) && !SYSTEM_FINALIZERS.has(name))
    .map(
      (name) =>
        `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer name ${name.includes('.') ? 'including a path (/) ' : ''}to avoid accidental conflicts with other finalizer writers`,
    );
}

const SYSTEM_FINALIZERS = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);
