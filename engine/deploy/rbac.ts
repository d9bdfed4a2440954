import { GROUP, LABELS, MANAGED_BY } from '../api/names.ts';
import type { KubeObject, Resource } from '../kubernetes/objects.ts';

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

export type Component = 'operator-service' | 'operator-engine' | 'job-broker';
export const COMPONENTS: readonly Component[] = ['operator-service', 'operator-engine', 'job-broker'];

const rbac = (resource: string, kind: string, isClusterScoped = false): Resource => ({
  isClusterScoped,
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resource,
  kind,
});
export const ROLES = rbac('roles', 'Role');
export const ROLE_BINDINGS = rbac('rolebindings', 'RoleBinding');
export const CLUSTER_ROLES = rbac('clusterroles', 'ClusterRole', true);
export const CLUSTER_ROLE_BINDINGS = rbac('clusterrolebindings', 'ClusterRoleBinding', true);

const core = (resources: readonly string[], ...verbs: string[]): PolicyRule => ({ apiGroups: [''], resources, verbs });
const ours = (resources: readonly string[], ...verbs: string[]): PolicyRule => ({
  apiGroups: [GROUP],
  resources,
  verbs,
});
const READ = ['get', 'list', 'watch'] as const;

/**
 * What each part may do, all of it inside one namespace. None may read what it only has to make: the engine creates and deletes
 * Secrets and cannot see one; the service never touches a pod; the broker changes nothing but a status.
 */
export const RULES: Readonly<Record<Component, readonly PolicyRule[]>> = {
  'operator-service': [
    ours(['workflows'], ...READ, 'create', 'patch', 'delete'),
    ours(['computeenvironments'], ...READ),
    core(['secrets'], 'get', 'create', 'delete'),
    core(['configmaps'], 'get', 'list', 'watch', 'create', 'update', 'delete'),
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: [...READ] },
  ],
  'operator-engine': [
    ours(['workflows'], ...READ, 'patch', 'delete'),
    ours(['workflows/status'], 'patch'),
    ours(['computeenvironments'], ...READ),
    core(['pods'], ...READ, 'create', 'patch', 'delete'),
    core(['persistentvolumeclaims'], ...READ, 'create', 'delete'),
    core(['secrets'], 'create', 'delete'),
    core(['events'], 'create'),
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: [...READ, 'create', 'patch'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update', 'patch'] },
    // Owner references that block deletion need the right to set finalizers on the owner.
    ours(['workflows/finalizers'], 'update'),
  ],
  'job-broker': [
    ours(['workflows'], ...READ),
    ours(['workflows/status'], 'patch'),
    ours(['computeenvironments'], ...READ),
    core(['secrets'], 'get', 'list', 'watch'),
  ],
};

/** In the operator's own namespace: what the canary and its control saw. */
const CANARY_LOGS: PolicyRule & { resourceNames: readonly string[] } = {
  apiGroups: [''],
  resources: ['pods/log'],
  resourceNames: ['canary-0', 'canary-control-0'],
  verbs: ['get'],
};

export interface Role extends KubeObject {
  rules: readonly PolicyRule[];
}

export interface RoleBinding extends KubeObject {
  roleRef: { apiGroup: string; kind: 'Role' | 'ClusterRole'; name: string };
  subjects: { kind: 'ServiceAccount'; name: string; namespace: string }[];
}

const labels = { [LABELS.managedBy]: MANAGED_BY };

export function roleOf(component: Component, namespace: string): Role {
  return { metadata: { name: component, namespace, labels }, rules: RULES[component] };
}

/** @param accounts namespace of the service accounts */
export function roleBindingOf(component: Component, namespace: string, accounts: string): RoleBinding {
  return {
    metadata: { name: component, namespace, labels },
    roleRef: { apiGroup: ROLES.group, kind: 'Role', name: component },
    subjects: [{ kind: 'ServiceAccount', name: component, namespace: accounts }],
  };
}

export function canaryReader(namespace: string): Role {
  return { metadata: { name: 'canary-reader', namespace, labels }, rules: [CANARY_LOGS] };
}

export function canaryReaderBinding(namespace: string): RoleBinding {
  return {
    metadata: { name: 'canary-reader', namespace, labels },
    roleRef: { apiGroup: ROLES.group, kind: 'Role', name: 'canary-reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'operator-engine', namespace }],
  };
}

/** The one thing outside the namespace: whether a storage class keeps released volumes is for the engine to check. */
export const storageReader: Role = {
  metadata: { name: 'wavetank-storage-class-reader', labels },
  rules: [{ apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list'] }],
};

export function storageReaderBinding(namespace: string, accounts: string): RoleBinding {
  return {
    metadata: { name: `wavetank-storage-class-reader-${namespace}`, labels },
    roleRef: { apiGroup: ROLES.group, kind: 'ClusterRole', name: storageReader.metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: 'operator-engine', namespace: accounts }],
  };
}
