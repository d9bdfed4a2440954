import type { ApiAccess, ResourceRef } from './api-access.ts';

const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1' };
const NAMESPACES: ResourceRef = { group: '', version: 'v1', resource: 'namespaces' };

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const ALL = [...READ, ...WRITE];
/** What people see but do not write: it is the kubelet's and the controllers'. */
const TOLD = [
  'bindings',
  'namespaces',
  'namespaces/status',
  'persistentvolumeclaims/status',
  'pods/log',
  'pods/status',
];
const WORK = ['configmaps', 'events', 'persistentvolumeclaims', 'pods'];

/** As far as the kinds are served here. */
const EDIT = [
  { apiGroups: [''], resources: TOLD, verbs: READ },
  { apiGroups: [''], resources: [...WORK, 'secrets'], verbs: ALL },
  { apiGroups: [''], resources: ['serviceaccounts'], verbs: [...ALL, 'impersonate'] },
  { apiGroups: [''], resources: ['pods/eviction', 'serviceaccounts/token'], verbs: ['create'] },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ALL },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ALL },
];

const CLUSTER_ROLES: Readonly<Record<string, readonly object[]>> = {
  'cluster-admin': [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ],
  admin: [
    ...EDIT,
    { apiGroups: [RBAC.group], resources: ['roles', 'rolebindings'], verbs: ALL },
    { apiGroups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'], verbs: ['create'] },
  ],
  edit: EDIT,
  view: [
    { apiGroups: [''], resources: [...TOLD, ...WORK, 'serviceaccounts'], verbs: READ },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: READ },
  ],
  'system:discovery': [
    {
      nonResourceURLs: [
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ],
      verbs: ['get'],
    },
  ],
  'system:basic-user': [
    {
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      verbs: ['create'],
    },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ],
  'system:public-info-viewer': [
    { nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'], verbs: ['get'] },
  ],
};

const CLUSTER_ROLE_BINDINGS: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['system:masters'],
  'system:discovery': ['system:authenticated'],
  'system:basic-user': ['system:authenticated'],
  'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated'],
};

/** What every cluster has from its first moment: namespaces, their service accounts and the roles that users build on. */
export function createBootstrapObjects(access: ApiAccess): void {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
    access.create(NAMESPACES, undefined, { metadata: { name } });
  const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
  for (const [name, rules] of Object.entries(CLUSTER_ROLES)) {
    access.create({ ...RBAC, resource: 'clusterroles' }, undefined, {
      metadata: { name, labels: { ...labels } },
      rules: structuredClone(rules),
    });
  }
  for (const [name, groups] of Object.entries(CLUSTER_ROLE_BINDINGS)) {
    access.create({ ...RBAC, resource: 'clusterrolebindings' }, undefined, {
      metadata: { name, labels: { ...labels } },
      roleRef: { apiGroup: RBAC.group, kind: 'ClusterRole', name },
      subjects: groups.map((group) => ({ apiGroup: RBAC.group, kind: 'Group', name: group })),
    });
  }
}
