import { arrayAt, objectAt, stringAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { accessModesText, ageOf, selectorText } from './cell-text.ts';
import { podCells } from './pod-cells.ts';

/** Cells by the column's name. */
export type Cells = Readonly<Record<string, (object: KubeObject, now: number) => unknown>>;

const COMMON: Cells = {
  Name: (object) => object.metadata.name ?? '',
  Age: (object, now) => ageOf(object.metadata.creationTimestamp, now),
  'Created At': (object) => object.metadata.creationTimestamp ?? '',
};

const text =
  (...path: readonly string[]) =>
  (object: KubeObject): string =>
    String((valueAt(object, ...path) as string | boolean | undefined) ?? '');

const nodeInfo =
  (field: string) =>
  (node: KubeObject): string =>
    text('status', 'nodeInfo', field)(node) || '<unknown>';

const dataCount = (object: KubeObject): number =>
  Object.keys(objectAt(object, 'data')).length + Object.keys(objectAt(object, 'binaryData')).length;

const subjects =
  (kind: string) =>
  (object: KubeObject): string =>
    arrayAt(object, 'subjects')
      .filter((subject) => stringAt(subject, 'kind') === kind)
      .map((subject) =>
        kind === 'ServiceAccount'
          ? `${stringAt(subject, 'namespace') ?? ''}/${stringAt(subject, 'name')}`
          : (stringAt(subject, 'name') ?? ''),
      )
      .join(', ');

const BINDING: Cells = {
  Role: (object) => `${text('roleRef', 'kind')(object)}/${text('roleRef', 'name')(object)}`,
  Users: subjects('User'),
  Groups: subjects('Group'),
  ServiceAccounts: subjects('ServiceAccount'),
};

const eventAge =
  (...fields: readonly string[]) =>
  (object: KubeObject, now: number): string =>
    ageOf(
      fields.map((name) => valueAt(object, name)).find((value) => typeof value === 'string'),
      now,
    );

const EVENT: Cells = {
  'Last Seen': eventAge('lastTimestamp', 'firstTimestamp', 'eventTime'),
  Type: text('type'),
  Reason: text('reason'),
  Object: (object) =>
    `${text('involvedObject', 'kind')(object).toLowerCase()}/${text('involvedObject', 'name')(object)}`,
  Subobject: text('involvedObject', 'fieldPath'),
  Source: eventSource,
  Message: (object) => text('message')(object).trim(),
  'First Seen': eventAge('firstTimestamp', 'eventTime'),
  Count: (object) => valueAt(object, 'count') ?? 1,
};

/** A component and its host; without a component, the controller that reported and its instance. */
function eventSource(object: KubeObject): string {
  const source = [text('source', 'component')(object), text('source', 'host')(object)];
  const parts = source.some(Boolean) ? source : [text('reportingComponent')(object), text('reportingInstance')(object)];
  return parts[1] === '' ? (parts[0] ?? '') : parts.join(', ');
}

const BY_RESOURCE: Readonly<Record<string, Cells>> = {
  '/pods': podCells,
  '/configmaps': { Data: dataCount },
  '/secrets': { Type: text('type'), Data: dataCount },
  '/events': EVENT,
  '/namespaces': { Status: text('status', 'phase') },
  '/serviceaccounts': { Secrets: (object) => arrayAt(object, 'secrets').length },
  '/nodes': {
    Status: (object) => {
      const ready = arrayAt(object, 'status', 'conditions').find(
        (condition) => stringAt(condition, 'type') === 'Ready',
      );
      const state = ready === undefined ? 'Unknown' : stringAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
      return valueAt(object, 'spec', 'unschedulable') === true ? `${state},SchedulingDisabled` : state;
    },
    Roles: (object) => {
      const prefix = 'node-role.kubernetes.io/';
      const roles = Object.keys(object.metadata.labels ?? {}).filter((key) => key.startsWith(prefix));
      return roles.map((key) => key.slice(prefix.length)).join(',') || '<none>';
    },
    Version: text('status', 'nodeInfo', 'kubeletVersion'),
    'Internal-IP': (object) => addressOf(object, 'InternalIP'),
    'External-IP': (object) => addressOf(object, 'ExternalIP'),
    'OS-Image': nodeInfo('osImage'),
    'Kernel-Version': nodeInfo('kernelVersion'),
    'Container-Runtime': nodeInfo('containerRuntimeVersion'),
  },
  '/persistentvolumeclaims': {
    Status: (object) => (object.metadata.deletionTimestamp ? 'Terminating' : text('status', 'phase')(object)),
    Volume: text('spec', 'volumeName'),
    Capacity: text('status', 'capacity', 'storage'),
    'Access Modes': (object) => accessModesText(arrayAt(object, 'status', 'accessModes')),
    StorageClass: text('spec', 'storageClassName'),
    VolumeAttributesClass: () => '<unset>',
    VolumeMode: text('spec', 'volumeMode'),
  },
  '/persistentvolumes': {
    Capacity: text('spec', 'capacity', 'storage'),
    'Access Modes': (object) => accessModesText(arrayAt(object, 'spec', 'accessModes')),
    'Reclaim Policy': text('spec', 'persistentVolumeReclaimPolicy'),
    Status: (object) => (object.metadata.deletionTimestamp ? 'Terminating' : text('status', 'phase')(object)),
    Claim: (object) => {
      const claim = objectAt(object, 'spec', 'claimRef');
      return stringAt(claim, 'name') === undefined ? '' : `${stringAt(claim, 'namespace')}/${stringAt(claim, 'name')}`;
    },
    StorageClass: text('spec', 'storageClassName'),
    VolumeAttributesClass: () => '<unset>',
    Reason: text('status', 'reason'),
    VolumeMode: text('spec', 'volumeMode'),
  },
  'storage.k8s.io/storageclasses': {
    Name: (object) => {
      const isDefault = object.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
      return `${object.metadata.name}${isDefault ? ' (default)' : ''}`;
    },
    Provisioner: text('provisioner'),
    ReclaimPolicy: text('reclaimPolicy'),
    VolumeBindingMode: text('volumeBindingMode'),
    AllowVolumeExpansion: (object) => valueAt(object, 'allowVolumeExpansion') === true,
  },
  'coordination.k8s.io/leases': { Holder: text('spec', 'holderIdentity') },
  'networking.k8s.io/networkpolicies': {
    'Pod-Selector': (object) => selectorText(objectAt(object, 'spec', 'podSelector', 'matchLabels')),
  },
  'rbac.authorization.k8s.io/rolebindings': BINDING,
  'rbac.authorization.k8s.io/clusterrolebindings': BINDING,
  'rbac.authorization.k8s.io/roles': {},
  'rbac.authorization.k8s.io/clusterroles': {},
  'apiextensions.k8s.io/customresourcedefinitions': {},
};

export function builtInCells(key: string): Cells | undefined {
  const own = BY_RESOURCE[key];
  return own && { ...COMMON, ...own };
}

function addressOf(node: KubeObject, type: string): string {
  const found = arrayAt(node, 'status', 'addresses').find((address) => stringAt(address, 'type') === type);
  return stringAt(found, 'address') ?? '<none>';
}
