import type { Json } from './schema-walk.ts';

/**
 * Objects that the server accepts, wide rather than sensible: every type of theirs that it fills in is read off the
 * answer. Sent with dryRun=All; none of them comes to life.
 */
/** The namespace of every case: made for a run of the generator and deleted after it. */
export const NAMESPACE = 'vectors';

export interface Sample {
  /** `resource` or `resource.group`. */
  readonly resource: string;
  readonly name: string;
  readonly object: Json;
}

const SPARE_CONTAINER = { name: 'main', image: 'example/app:1' };

export function podOf(name: string, spec: Json, metadata: Json = {}): Json {
  return {
    metadata: { name, ...metadata },
    spec: { automountServiceAccountToken: false, containers: [SPARE_CONTAINER], ...spec },
  };
}

const VOLUMES: readonly Json[] = [
  { name: 'empty', emptyDir: {} },
  { name: 'sized', emptyDir: { medium: 'Memory', sizeLimit: '0.5Gi' } },
  { name: 'config', configMap: { name: 'config', items: [{ key: 'a', path: 'b' }] } },
  { name: 'secret', secret: { secretName: 'secret', items: [{ key: 'a', path: 'b', mode: 0 }] } },
  { name: 'claim', persistentVolumeClaim: { claimName: 'claim' } },
  { name: 'host', hostPath: { path: '/tmp' } },
  { name: 'downward', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  {
    name: 'projected',
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token' } },
        { configMap: { name: 'config' } },
        { secret: { name: 'secret' } },
        {
          downwardAPI: {
            items: [{ path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } }],
          },
        },
      ],
    },
  },
  {
    name: 'ephemeral',
    ephemeral: {
      volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
    },
  },
  { name: 'nfs', nfs: { server: 'nfs.example', path: '/export' } },
  { name: 'iscsi', iscsi: { targetPortal: '10.0.0.1:3260', iqn: 'iqn.2001-04.com.example:storage', lun: 0 } },
  { name: 'rbd', rbd: { monitors: ['10.0.0.1'], image: 'image' } },
  { name: 'csi', csi: { driver: 'driver.example' } },
  { name: 'azure', azureDisk: { diskName: 'disk', diskURI: 'https://account.blob.core.windows.net/vhds/disk.vhd' } },
];

const RICH_CONTAINER: Json = {
  ...SPARE_CONTAINER,
  ports: [{ containerPort: 80 }, { name: 'dns', containerPort: 53, protocol: 'UDP' }],
  env: [
    { name: 'PLAIN' },
    { name: 'FIELD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'RESOURCE', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
    { name: 'CONFIG', valueFrom: { configMapKeyRef: { name: 'config', key: 'a' } } },
    { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'secret', key: 'a' } } },
  ],
  envFrom: [{ prefix: 'P_', configMapRef: { name: 'config' } }, { secretRef: { name: 'secret' } }],
  resources: { limits: { cpu: '1500m', memory: '0.5Gi' } },
  volumeMounts: [
    { name: 'empty', mountPath: '/empty' },
    { name: 'sized', mountPath: '/sized', subPath: 'a', readOnly: true },
  ],
  livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: 'X-A', value: 'b' }] } },
  readinessProbe: { tcpSocket: { port: 'dns' } },
  startupProbe: { grpc: { port: 80 } },
  lifecycle: { preStop: { exec: { command: ['true'] } }, postStart: { httpGet: { port: 80 } } },
  securityContext: {
    runAsUser: 1000,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
    seLinuxOptions: { level: 's0' },
    appArmorProfile: { type: 'Unconfined' },
  },
};

const NODE_TERM = { matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] };
const POD_TERM = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { a: 'b' } } };

const RICH_POD_SPEC: Json = {
  containers: [RICH_CONTAINER],
  initContainers: [{ name: 'first', image: 'example/app' }],
  volumes: VOLUMES,
  tolerations: [
    { key: 'a', operator: 'Exists' },
    { key: 'b', value: 'c', effect: 'NoSchedule' },
  ],
  securityContext: {
    fsGroup: 1000,
    sysctls: [{ name: 'kernel.shm_rmid_forced', value: '0' }],
    seccompProfile: { type: 'RuntimeDefault' },
  },
  hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
  dnsConfig: { options: [{ name: 'ndots', value: '2' }], nameservers: ['10.0.0.1'] },
  readinessGates: [{ conditionType: 'example.com/ready' }],
  imagePullSecrets: [{ name: 'registry' }],
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { a: 'b' } } },
  ],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [NODE_TERM] },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: NODE_TERM }],
    },
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [POD_TERM] },
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: POD_TERM }] },
  },
};

const CRD = {
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    names: { plural: 'widgets', kind: 'Widget' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        },
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
      },
    ],
  },
};

const EVENT = {
  metadata: { name: 'event' },
  involvedObject: { kind: 'Pod', namespace: 'vectors', name: 'a' },
  reason: 'Tested',
  message: 'said',
  type: 'Normal',
  firstTimestamp: '2026-01-02T03:04:05Z',
  lastTimestamp: '2026-01-02T03:04:05+01:00',
  count: 1,
};

const RESOURCE_ATTRIBUTES = { verb: 'get', resource: 'pods', namespace: 'vectors' };

export const SAMPLES: readonly Sample[] = [
  { resource: 'pods', name: 'minimal', object: podOf('minimal', {}) },
  {
    resource: 'pods',
    name: 'rich',
    object: podOf('rich', RICH_POD_SPEC, { labels: { a: 'b' }, annotations: { c: 'd' } }),
  },
  {
    resource: 'pods',
    name: 'empty parts',
    object: podOf('empty', { imagePullSecrets: [{}], volumes: [{ name: 'v', projected: {} }] }),
  },
  { resource: 'configmaps', name: 'minimal', object: { metadata: { name: 'minimal' } } },
  {
    resource: 'configmaps',
    name: 'data',
    object: { metadata: { name: 'data' }, data: { a: 'b' }, binaryData: { c: 'AAEC' } },
  },
  { resource: 'secrets', name: 'minimal', object: { metadata: { name: 'minimal' } } },
  {
    resource: 'secrets',
    name: 'stringData',
    object: { metadata: { name: 'strings' }, data: { a: 'Yg==' }, stringData: { a: 'c', d: 'e' } },
  },
  { resource: 'serviceaccounts', name: 'minimal', object: { metadata: { name: 'minimal' } } },
  {
    resource: 'serviceaccounts',
    name: 'secrets',
    object: { metadata: { name: 'a' }, secrets: [{ name: 's' }], imagePullSecrets: [{ name: 'p' }] },
  },
  { resource: 'namespaces', name: 'minimal', object: { metadata: { name: 'minimal' } } },
  { resource: 'nodes', name: 'minimal', object: { metadata: { name: 'minimal' } } },
  {
    resource: 'nodes',
    name: 'taints',
    object: { metadata: { name: 'a' }, spec: { podCIDR: '10.1.0.0/24', taints: [{ key: 'a', effect: 'NoSchedule' }] } },
  },
  {
    resource: 'nodes',
    name: 'status',
    object: {
      metadata: { name: 'b' },
      status: {
        capacity: { cpu: '4', memory: '8Gi', pods: '110' },
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      },
    },
  },
  {
    resource: 'persistentvolumes',
    name: 'host path',
    object: {
      metadata: { name: 'a' },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
    },
  },
  {
    resource: 'persistentvolumes',
    name: 'bound to a claim',
    object: {
      metadata: { name: 'b' },
      spec: {
        capacity: { storage: '1024Mi' },
        accessModes: ['ReadWriteOnce'],
        local: { path: '/data' },
        storageClassName: 'local',
        claimRef: { namespace: 'vectors', name: 'claim' },
        nodeAffinity: { required: { nodeSelectorTerms: [NODE_TERM] } },
      },
    },
  },
  {
    resource: 'persistentvolumeclaims',
    name: 'minimal',
    object: {
      metadata: { name: 'a' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'local' },
    },
  },
  {
    resource: 'persistentvolumeclaims',
    name: 'no class, from a claim',
    object: {
      metadata: { name: 'b' },
      spec: {
        accessModes: ['ReadWriteMany'],
        resources: { requests: { storage: '1e9' } },
        storageClassName: '',
        selector: { matchLabels: { a: 'b' } },
        dataSource: { kind: 'PersistentVolumeClaim', name: 'other' },
      },
    },
  },
  {
    resource: 'persistentvolumeclaims',
    name: 'from a snapshot',
    object: {
      metadata: { name: 'c' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: 'local',
        dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'other' },
      },
    },
  },
  { resource: 'events', name: 'minimal', object: EVENT },
  {
    resource: 'events',
    name: 'without times',
    object: { metadata: { name: 'event' }, involvedObject: EVENT.involvedObject },
  },
  { resource: 'leases.coordination.k8s.io', name: 'minimal', object: { metadata: { name: 'a' } } },
  {
    resource: 'leases.coordination.k8s.io',
    name: 'held',
    object: {
      metadata: { name: 'b' },
      spec: {
        holderIdentity: 'me',
        leaseDurationSeconds: 15,
        renewTime: '2026-01-02T03:04:05.000000Z',
        leaseTransitions: 0,
      },
    },
  },
  {
    resource: 'networkpolicies.networking.k8s.io',
    name: 'deny all',
    object: { metadata: { name: 'a' }, spec: { podSelector: {} } },
  },
  {
    resource: 'networkpolicies.networking.k8s.io',
    name: 'egress',
    object: {
      metadata: { name: 'b' },
      spec: {
        podSelector: { matchLabels: { a: 'b' } },
        ingress: [{ from: [{ podSelector: {} }] }],
        egress: [
          {
            to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
            ports: [{ port: 80 }, { protocol: 'UDP', port: 'dns' }],
          },
        ],
      },
    },
  },
  { resource: 'roles.rbac.authorization.k8s.io', name: 'minimal', object: { metadata: { name: 'a' } } },
  {
    resource: 'roles.rbac.authorization.k8s.io',
    name: 'rules',
    object: {
      metadata: { name: 'b' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: [] }],
    },
  },
  { resource: 'clusterroles.rbac.authorization.k8s.io', name: 'minimal', object: { metadata: { name: 'a' } } },
  {
    resource: 'clusterroles.rbac.authorization.k8s.io',
    name: 'rules',
    object: {
      metadata: { name: 'b' },
      rules: [{ nonResourceURLs: ['/healthz'], verbs: ['get'] }],
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
    },
  },
  {
    resource: 'rolebindings.rbac.authorization.k8s.io',
    name: 'subjects',
    object: {
      metadata: { name: 'a' },
      roleRef: { kind: 'Role', name: 'b' },
      subjects: [
        { kind: 'ServiceAccount', name: 'default' },
        { kind: 'User', name: 'u' },
        { kind: 'Group', name: 'g' },
      ],
    },
  },
  {
    resource: 'clusterrolebindings.rbac.authorization.k8s.io',
    name: 'no subjects',
    object: { metadata: { name: 'a' }, roleRef: { kind: 'ClusterRole', name: 'b' } },
  },
  {
    resource: 'storageclasses.storage.k8s.io',
    name: 'minimal',
    object: { metadata: { name: 'a' }, provisioner: 'example.com/disk' },
  },
  { resource: 'customresourcedefinitions.apiextensions.k8s.io', name: 'widgets', object: CRD },
  { resource: 'tokenreviews.authentication.k8s.io', name: 'wrong token', object: { spec: { token: 'none' } } },
  {
    resource: 'subjectaccessreviews.authorization.k8s.io',
    name: 'nobody',
    object: { spec: { user: 'nobody', resourceAttributes: RESOURCE_ATTRIBUTES } },
  },
  {
    resource: 'localsubjectaccessreviews.authorization.k8s.io',
    name: 'nobody',
    object: { metadata: { namespace: 'vectors' }, spec: { user: 'nobody', resourceAttributes: RESOURCE_ATTRIBUTES } },
  },
];
