import { podOf } from './samples.ts';
import type { Json } from './schema-walk.ts';

/** An object that is really created, and what is then sent in its place with dryRun=All. */
export interface UpdateCase {
  readonly resource: string;
  readonly object: Json;
  readonly changes: readonly { readonly name: string; readonly change: (object: Json) => Json }[];
}

const spec = (fields: Json) => (object: Json) => ({ ...object, spec: { ...(object['spec'] as Json), ...fields } });
const top = (fields: Json) => (object: Json) => ({ ...object, ...fields });
const metadata = (fields: Json) => (object: Json) => ({
  ...object,
  metadata: { ...(object['metadata'] as Json), ...fields },
});
const container = (fields: Json) => (object: Json) => {
  const before = object['spec'] as { containers: Json[] };
  return { ...object, spec: { ...before, containers: before.containers.map((entry) => ({ ...entry, ...fields })) } };
};
const named = (prefix: string, changes: UpdateCase['changes']): UpdateCase['changes'] =>
  changes.map(({ name, change }) => ({ name: `${prefix}: ${name}`, change }));

const tolerations = (object: Json): Json[] => (object['spec'] as { tolerations: Json[] }).tolerations;

/** No node has the label: the pods stay pending and the answers do not depend on a kubelet. */
const NOWHERE = {
  nodeSelector: { 'example.com/nowhere': 'true' },
  restartPolicy: 'Never',
  tolerations: [{ key: 'own', operator: 'Exists' }],
};
const LABELS = { labels: { a: 'b' } };

const POD_CHANGES: UpdateCase['changes'] = [
  { name: 'nothing', change: (pod) => pod },
  { name: 'labels', change: metadata({ labels: { c: 'd' } }) },
  { name: 'image', change: container({ image: 'example/app:2' }) },
  { name: 'image empty', change: container({ image: '' }) },
  { name: 'command', change: container({ command: ['other'] }) },
  { name: 'container name', change: container({ name: 'other' }) },
  { name: 'env', change: container({ env: [{ name: 'A', value: 'b' }] }) },
  { name: 'resources', change: container({ resources: { limits: { cpu: '1' } } }) },
  { name: 'restart policy', change: spec({ restartPolicy: 'Always' }) },
  { name: 'node name', change: spec({ nodeName: 'other' }) },
  { name: 'service account', change: spec({ serviceAccountName: 'other', serviceAccount: 'other' }) },
  { name: 'priority', change: spec({ priority: 5 }) },
  { name: 'deadline set', change: spec({ activeDeadlineSeconds: 100 }) },
  { name: 'deadline 0', change: spec({ activeDeadlineSeconds: 0 }) },
  { name: 'grace period', change: spec({ terminationGracePeriodSeconds: 5 }) },
  { name: 'grace period 1', change: spec({ terminationGracePeriodSeconds: 1 }) },
  {
    name: 'toleration added',
    change: (pod) => spec({ tolerations: [...tolerations(pod), { key: 'a', operator: 'Exists' }] })(pod),
  },
  { name: 'toleration removed', change: (pod) => spec({ tolerations: tolerations(pod).slice(1) })(pod) },
  {
    name: 'container added',
    change: spec({
      containers: [
        { name: 'x', image: 'y' },
        { name: 'z', image: 'y' },
      ],
    }),
  },
  { name: 'volume added', change: spec({ volumes: [{ name: 'x', emptyDir: {} }] }) },
  { name: 'node selector added', change: spec({ nodeSelector: { 'example.com/nowhere': 'true', c: 'd' } }) },
  { name: 'host network', change: spec({ hostNetwork: true }) },
  { name: 'status alone', change: top({ status: { phase: 'Running' } }) },
  { name: 'owner', change: metadata({ ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }] }) },
  { name: 'finalizer', change: metadata({ finalizers: ['example.com/a'] }) },
];

export const UPDATE_CASES: readonly UpdateCase[] = [
  { resource: 'pods', object: podOf('update', NOWHERE, LABELS), changes: named('update', POD_CHANGES) },
  {
    resource: 'pods',
    object: podOf('deadline', { ...NOWHERE, activeDeadlineSeconds: 60 }),
    changes: named('update', [
      { name: 'deadline shorter', change: spec({ activeDeadlineSeconds: 1 }) },
      { name: 'deadline longer', change: spec({ activeDeadlineSeconds: 61 }) },
      { name: 'deadline removed', change: spec({ activeDeadlineSeconds: null }) },
    ]),
  },
  {
    resource: 'pods',
    object: podOf('gated', { ...NOWHERE, schedulingGates: [{ name: 'example.com/a' }] }),
    changes: named('update', [
      { name: 'gate removed', change: spec({ schedulingGates: [] }) },
      { name: 'gate added', change: spec({ schedulingGates: [{ name: 'example.com/a' }, { name: 'example.com/b' }] }) },
      {
        name: 'node selector added while gated',
        change: spec({ nodeSelector: { 'example.com/nowhere': 'true', c: 'd' } }),
      },
      { name: 'node selector changed while gated', change: spec({ nodeSelector: { c: 'd' } }) },
    ]),
  },
  {
    resource: 'configmaps',
    object: { metadata: { name: 'fixed' }, immutable: true, data: { a: 'b' } },
    changes: named('update of a fixed one', [
      { name: 'data', change: top({ data: { a: 'c' } }) },
      { name: 'binary data', change: top({ binaryData: { b: 'AAEC' } }) },
      { name: 'immutable', change: top({ immutable: false }) },
      { name: 'labels', change: metadata(LABELS) },
    ]),
  },
  {
    resource: 'configmaps',
    object: { metadata: { name: 'free' }, data: { a: 'b' } },
    changes: named('update', [
      { name: 'data', change: top({ data: { a: 'c' } }) },
      { name: 'fixed now', change: top({ immutable: true }) },
    ]),
  },
  {
    resource: 'secrets',
    object: { metadata: { name: 'fixed' }, immutable: true, data: { a: 'Yg==' } },
    changes: named('update of a fixed one', [
      { name: 'data', change: top({ data: { a: 'Yw==' } }) },
      { name: 'strings', change: top({ stringData: { a: 'd' } }) },
      { name: 'immutable', change: top({ immutable: null }) },
    ]),
  },
  {
    resource: 'secrets',
    object: { metadata: { name: 'free' }, data: { a: 'Yg==' } },
    changes: named('update', [
      { name: 'type', change: top({ type: 'example.com/other' }) },
      { name: 'data', change: top({ data: { a: 'Yw==' } }) },
    ]),
  },
  {
    resource: 'persistentvolumeclaims',
    object: {
      metadata: { name: 'claim' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'absent' },
    },
    changes: named('update', [
      { name: 'nothing', change: (claim) => claim },
      { name: 'size', change: spec({ resources: { requests: { storage: '2Gi' } } }) },
      { name: 'access modes', change: spec({ accessModes: ['ReadWriteMany'] }) },
      { name: 'class', change: spec({ storageClassName: 'other' }) },
      { name: 'volume', change: spec({ volumeName: 'volume' }) },
    ]),
  },
  {
    resource: 'persistentvolumes',
    object: {
      metadata: { name: 'wavetank-vector' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        hostPath: { path: '/a' },
        storageClassName: 'absent',
      },
    },
    changes: named('update', [
      { name: 'size', change: spec({ capacity: { storage: '2Gi' } }) },
      { name: 'source', change: spec({ hostPath: { path: '/b' } }) },
      { name: 'volume mode', change: spec({ volumeMode: 'Block' }) },
      { name: 'reclaim policy', change: spec({ persistentVolumeReclaimPolicy: 'Recycle' }) },
    ]),
  },
  {
    resource: 'storageclasses.storage.k8s.io',
    object: { metadata: { name: 'wavetank-vector' }, provisioner: 'example.com/a' },
    changes: named('update', [
      { name: 'provisioner', change: top({ provisioner: 'example.com/b' }) },
      { name: 'policies', change: top({ reclaimPolicy: 'Retain', volumeBindingMode: 'WaitForFirstConsumer' }) },
      { name: 'parameters', change: top({ parameters: { a: 'b' } }) },
      { name: 'expansion', change: top({ allowVolumeExpansion: true }) },
    ]),
  },
  {
    resource: 'rolebindings.rbac.authorization.k8s.io',
    object: {
      metadata: { name: 'binding' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'a' },
    },
    changes: named('update', [
      {
        name: 'reference',
        change: top({ roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'b' } }),
      },
      { name: 'subjects', change: top({ subjects: [{ kind: 'User', name: 'u' }] }) },
    ]),
  },
  {
    resource: 'leases.coordination.k8s.io',
    object: { metadata: { name: 'lease' }, spec: { holderIdentity: 'a', leaseTransitions: 2 } },
    changes: named('update', [
      { name: 'holder', change: spec({ holderIdentity: 'b' }) },
      { name: 'fewer transitions', change: spec({ leaseTransitions: 1 }) },
    ]),
  },
  {
    resource: 'networkpolicies.networking.k8s.io',
    object: { metadata: { name: 'policy' }, spec: { podSelector: {} } },
    changes: named('update', [{ name: 'selector', change: spec({ podSelector: { matchLabels: { a: 'b' } } }) }]),
  },
  {
    resource: 'serviceaccounts',
    object: { metadata: { name: 'account' } },
    changes: named('update', [
      { name: 'secrets', change: top({ secrets: [{ name: 's' }] }) },
      { name: 'labels that are bad', change: metadata({ labels: { 'a b': 'c' } }) },
    ]),
  },
];
