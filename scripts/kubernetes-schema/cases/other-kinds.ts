import type { Sample } from '../samples.ts';
import type { Json } from '../schema-walk.ts';

const one =
  (resource: string) =>
  (name: string, object: Json): Sample => ({ resource, name, object: { metadata: { name: 'a' }, ...object } });

const secret = one('secrets');
const namespace = one('namespaces');
const node = one('nodes');
const account = one('serviceaccounts');
const volume = one('persistentvolumes');
const claim = one('persistentvolumeclaims');
const policy = one('networkpolicies.networking.k8s.io');
const role = one('roles.rbac.authorization.k8s.io');
const clusterRole = one('clusterroles.rbac.authorization.k8s.io');
const binding = one('rolebindings.rbac.authorization.k8s.io');
const clusterBinding = one('clusterrolebindings.rbac.authorization.k8s.io');
const storageClass = one('storageclasses.storage.k8s.io');
const lease = one('leases.coordination.k8s.io');
const event = one('events');
const access = one('subjectaccessreviews.authorization.k8s.io');
const token = one('tokenreviews.authentication.k8s.io');

const CLAIM: Json = {
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
  storageClassName: 'local',
};
const VOLUME: Json = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } };
const RULE = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
const REFERENCE = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'b' };
const ABOUT = { involvedObject: { kind: 'Pod', namespace: 'vectors', name: 'a' } };
const ports = (name: string, port: Json): Sample =>
  policy(`port ${name}`, { spec: { podSelector: {}, egress: [{ ports: [port] }] } });
const peer = (name: string, to: Json): Sample =>
  policy(`peer ${name}`, { spec: { podSelector: {}, egress: [{ to: [to] }] } });

export const OTHER_KIND_CASES: readonly Sample[] = [
  secret('key that is bad', { data: { 'a/b': '' } }),
  secret('no base64', { data: { a: 'b' } }),
  secret('data of a wrong type', { data: { a: 1 } }),
  secret('strings of a wrong type', { stringData: { a: 1 } }),
  secret('type', { type: 'example.com/own', immutable: true }),
  secret('tls without its keys', { type: 'kubernetes.io/tls' }),
  secret('docker registry without its key', { type: 'kubernetes.io/dockerconfigjson' }),
  secret('docker registry that is no JSON', {
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': 'x' },
  }),
  secret('basic-auth without its keys', { type: 'kubernetes.io/basic-auth' }),
  secret('ssh-auth without its key', { type: 'kubernetes.io/ssh-auth' }),
  secret('service account token without an account', { type: 'kubernetes.io/service-account-token' }),
  namespace('name with a dot', { metadata: { name: 'a.b' } }),
  namespace('finalizer of its own', { spec: { finalizers: ['example.com/a'] } }),
  namespace('finalizer that is bad', { spec: { finalizers: ['a'] } }),
  node('name in capitals', { metadata: { name: 'A' } }),
  node('taint that is bad', { spec: { taints: [{ key: 'a b', value: 'c d', effect: 'Never' }, { key: 'a' }] } }),
  node('taint twice', {
    spec: {
      taints: [
        { key: 'a', effect: 'NoSchedule' },
        { key: 'a', effect: 'NoSchedule' },
      ],
    },
  }),
  node('ranges that are bad', { spec: { podCIDR: '10.0.0.0' } }),
  account('name in capitals', { metadata: { name: 'A' } }),
  account('token off', { automountServiceAccountToken: false }),
  volume('without a spec', {}),
  volume('without a source', { spec: { ...VOLUME, hostPath: null } }),
  volume('of two sources', { spec: { ...VOLUME, nfs: { server: 'a', path: '/b' } } }),
  volume('without capacity', { spec: { ...VOLUME, capacity: null } }),
  volume('capacity of something else', { spec: { ...VOLUME, capacity: { cpu: '1' } } }),
  volume('capacity 0', { spec: { ...VOLUME, capacity: { storage: '0' } } }),
  volume('access mode unknown', { spec: { ...VOLUME, accessModes: ['Read'] } }),
  volume('without access modes', { spec: { ...VOLUME, accessModes: [] } }),
  volume('reclaim policy unknown', { spec: { ...VOLUME, persistentVolumeReclaimPolicy: 'Keep' } }),
  volume('of the host, deleted', { spec: { ...VOLUME, persistentVolumeReclaimPolicy: 'Delete' } }),
  volume('of the root, recycled', {
    spec: { ...VOLUME, hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' },
  }),
  volume('local without a node', { spec: { ...VOLUME, hostPath: null, local: { path: '/a' } } }),
  volume('class that is bad', { spec: { ...VOLUME, storageClassName: 'A_' } }),
  volume('volume mode unknown', { spec: { ...VOLUME, volumeMode: 'Disk' } }),
  claim('without a spec', {}),
  claim('without access modes', { spec: { ...CLAIM, accessModes: [] } }),
  claim('access mode unknown', { spec: { ...CLAIM, accessModes: ['Write'] } }),
  claim('alone in its pod, with others', { spec: { ...CLAIM, accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] } }),
  claim('without a size', { spec: { ...CLAIM, resources: {} } }),
  claim('size 0', { spec: { ...CLAIM, resources: { requests: { storage: '0' } } } }),
  claim('size in odd form', { spec: { ...CLAIM, resources: { requests: { storage: '2048Mi' } } } }),
  claim('size negative', { spec: { ...CLAIM, resources: { requests: { storage: '-1Gi' } } } }),
  claim('class that is bad', { spec: { ...CLAIM, storageClassName: 'A_' } }),
  claim('volume mode unknown', { spec: { ...CLAIM, volumeMode: 'Disk' } }),
  claim('selector that is bad', { spec: { ...CLAIM, selector: { matchLabels: { 'a b': 'c' } } } }),
  claim('source that is bad', { spec: { ...CLAIM, dataSource: { kind: '', name: '' } } }),
  claim('source of another kind', { spec: { ...CLAIM, dataSource: { kind: 'Pod', name: 'a' } } }),
  policy('without a spec', {}),
  policy('selector that is bad', {
    spec: { podSelector: { matchLabels: { 'a b': 'c d' }, matchExpressions: [{ key: '', operator: 'Is' }] } },
  }),
  policy('type unknown', { spec: { podSelector: {}, policyTypes: ['Egres'] } }),
  policy('three types', { spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress', 'Ingress'] } }),
  policy('types', { spec: { podSelector: {}, policyTypes: ['Egress'], ingress: [], egress: [] } }),
  ports('out of range', { port: 65536 }),
  ports('name that is bad', { port: 'A_' }),
  ports('protocol unknown', { protocol: 'ICMP', port: 1 }),
  ports('range', { port: 80, endPort: 90 }),
  ports('range upside down', { port: 80, endPort: 70 }),
  ports('range of a name', { port: 'a', endPort: 70 }),
  ports('range without a start', { endPort: 70 }),
  peer('empty', {}),
  peer('block and selector', { ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }),
  peer('block that is bad', { ipBlock: { cidr: '10.0.0.0' } }),
  peer('block with bits beyond its mask', { ipBlock: { cidr: '10.0.0.1/8' } }),
  peer('block without a range', { ipBlock: {} }),
  peer('block with an exception outside', { ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16', 'x'] } }),
  peer('namespace and pods', {
    namespaceSelector: { matchLabels: { a: 'b' } },
    podSelector: { matchLabels: { c: 'd' } },
  }),
  policy('peer of ingress that is empty', { spec: { podSelector: {}, ingress: [{ from: [{}] }] } }),
  role('rule without verbs', { rules: [{ ...RULE, verbs: [] }] }),
  role('rule without groups and resources', { rules: [{ verbs: ['get'] }] }),
  role('rule for a URL', { rules: [{ verbs: ['get'], nonResourceURLs: ['/a'] }] }),
  role('name with a colon', { metadata: { name: 'a:b' }, rules: [RULE] }),
  role('name with a slash', { metadata: { name: 'a/b' }, rules: [RULE] }),
  role('name with a percent sign', { metadata: { name: 'a%b' } }),
  role('name ..', { metadata: { name: '..' } }),
  clusterRole('rule for both', { rules: [{ ...RULE, nonResourceURLs: ['/a'] }] }),
  clusterRole('rule for a URL that is bad', { rules: [{ verbs: ['get'], nonResourceURLs: ['a', '/a/*/b'] }] }),
  clusterRole('aggregation without selectors', { aggregationRule: {} }),
  clusterRole('without rules', {}),
  binding('without a reference', {}),
  binding('reference in another group', { roleRef: { ...REFERENCE, apiGroup: 'example.com' } }),
  binding('reference to another kind', { roleRef: { ...REFERENCE, kind: 'Pod' } }),
  binding('reference without a name', { roleRef: { ...REFERENCE, name: '' } }),
  binding('reference to a bad name', { roleRef: { ...REFERENCE, name: 'a/b' } }),
  binding('subject without anything', { roleRef: REFERENCE, subjects: [{}] }),
  binding('subject of another kind', { roleRef: REFERENCE, subjects: [{ kind: 'Pod', name: 'a' }] }),
  binding('account without a namespace', { roleRef: REFERENCE, subjects: [{ kind: 'ServiceAccount', name: 'a' }] }),
  binding('account that is bad', {
    roleRef: REFERENCE,
    subjects: [{ kind: 'ServiceAccount', name: 'A_', namespace: 'b', apiGroup: 'c' }],
  }),
  binding('user without a name', {
    roleRef: REFERENCE,
    subjects: [{ kind: 'User' }, { kind: 'Group', name: 'a', apiGroup: 'b' }],
  }),
  clusterBinding('reference to a role', { roleRef: REFERENCE }),
  clusterBinding('account without a namespace', {
    roleRef: { ...REFERENCE, kind: 'ClusterRole' },
    subjects: [{ kind: 'ServiceAccount', name: 'a' }],
  }),
  storageClass('without a provisioner', {}),
  storageClass('provisioner that is bad', { provisioner: 'a b' }),
  storageClass('policies unknown', { provisioner: 'a', reclaimPolicy: 'Keep', volumeBindingMode: 'Later' }),
  storageClass('recycled', { provisioner: 'a', reclaimPolicy: 'Recycle' }),
  storageClass('parameter without a name', { provisioner: 'a', parameters: { '': 'b' } }),
  storageClass('late binding', {
    provisioner: 'a',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
    parameters: { a: 'b' },
  }),
  lease('time without a fraction', { spec: { renewTime: '2026-01-02T03:04:05Z' } }),
  lease('negative numbers', { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } }),
  lease('empty holder', { spec: { holderIdentity: '' } }),
  lease('strategy alone', { spec: { strategy: 'OldestEmulationVersion' } }),
  lease('preferred holder without a strategy', { spec: { preferredHolder: 'a' } }),
  event('about nothing', {}),
  event('about another namespace', { involvedObject: { kind: 'Pod', namespace: 'other', name: 'a' } }),
  event('about a node', { involvedObject: { kind: 'Node', name: 'a' } }),
  event('with a new kind of time', { ...ABOUT, eventTime: '2026-01-02T03:04:05.000000Z' }),
  event('of the newer sort, with too much to say', {
    ...ABOUT,
    eventTime: '2026-01-02T03:04:05.678901Z',
    reportingComponent: 'example.com/c',
    reportingInstance: 'one',
    action: 'a'.repeat(129),
    reason: 'a'.repeat(129),
    message: 'a'.repeat(1025),
  }),
  event('type unknown', { ...ABOUT, type: 'Odd' }),
  access('of nobody', { metadata: {}, spec: { resourceAttributes: { verb: 'get' } } }),
  access('of nothing', { metadata: {}, spec: { user: 'a' } }),
  access('of both', { metadata: {}, spec: { user: 'a', resourceAttributes: {}, nonResourceAttributes: {} } }),
  token('without a token', { metadata: {}, spec: {} }),
];
