import type { KubeObject } from '../kube-object.ts';

type Json = Record<string, unknown>;
type Rule = (object: KubeObject) => void;

const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** Defaults that follow from other fields, so that no table can hold them; by definition of the kind. */
const RULES: Readonly<Record<string, Rule>> = {
  'io.k8s.api.core.v1.Pod': defaultPod,
  'io.k8s.api.core.v1.Secret': mergeStringData,
  'io.k8s.api.core.v1.Namespace': labelNamespace,
  'io.k8s.api.core.v1.Node': defaultNode,
  'io.k8s.api.core.v1.PersistentVolumeClaim': copyDataSource,
  'io.k8s.api.coordination.v1.Lease': dropCoordination,
  'io.k8s.api.networking.v1.NetworkPolicy': defaultPolicyTypes,
  'io.k8s.api.rbac.v1.RoleBinding': defaultSubjects,
  'io.k8s.api.rbac.v1.ClusterRoleBinding': defaultSubjects,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition': defaultCustomResource,
};

export function applyRuleDefaults(definition: string, object: KubeObject): void {
  RULES[definition]?.(object);
}

function objectAt(object: Json, name: string): Json | undefined {
  const value = object[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function objectsAt(object: Json | undefined, name: string): readonly Json[] {
  const value = object?.[name];
  return Array.isArray(value) ? (value as Json[]) : [];
}

function defaultPod(pod: KubeObject): void {
  agreeOnAddresses(objectAt(pod, 'status'));
  const spec = objectAt(pod, 'spec');
  if (!spec) return;
  readAppArmor(pod, spec);
  defaultPodSpec(spec);
}

/** One address and the list of all: where they differ the older field counts. */
function agreeOnAddresses(status: Json | undefined): void {
  if (!status) return;
  const [first] = objectsAt(status, 'podIPs');
  if (typeof status['podIP'] === 'string' && first?.['ip'] !== status['podIP'])
    status['podIPs'] = [{ ip: status['podIP'] }];
  else if (first?.['ip'] !== undefined) status['podIP'] = first['ip'];
}

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

/** The annotations that came before the field still fill it. */
function readAppArmor(pod: KubeObject, spec: Json): void {
  const containers = [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')];
  for (const [key, value] of Object.entries(pod.metadata.annotations ?? {})) {
    if (!key.startsWith(APP_ARMOR)) continue;
    const container = containers.find((entry) => entry['name'] === key.slice(APP_ARMOR.length));
    const profile = appArmorProfile(value);
    if (!container || !profile) continue;
    const context = objectAt(container, 'securityContext') ?? {};
    container['securityContext'] = { ...context, appArmorProfile: context['appArmorProfile'] ?? profile };
  }
}

function appArmorProfile(annotation: string): Json | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  return annotation.startsWith('localhost/')
    ? { type: 'Localhost', localhostProfile: annotation.slice('localhost/'.length) }
    : undefined;
}

function defaultPodSpec(spec: Json): void {
  const containers = [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')];
  for (const container of containers) {
    container['imagePullPolicy'] ??= pullPolicyFor(container['image']);
    defaultRequests(container);
    if (spec['hostNetwork'] === true) {
      for (const port of objectsAt(container, 'ports')) port['hostPort'] ??= port['containerPort'];
    }
  }
  dropDisabled(spec);
  // The API promises it for a negative grace period: the shortest there is.
  const grace = spec['terminationGracePeriodSeconds'];
  if (typeof grace === 'number' && grace < 0) spec['terminationGracePeriodSeconds'] = 1;
  for (const container of objectsAt(spec, 'ephemeralContainers'))
    container['imagePullPolicy'] ??= pullPolicyFor(container['image']);
  for (const volume of objectsAt(spec, 'volumes')) {
    const image = objectAt(volume, 'image');
    if (image) image['pullPolicy'] ??= pullPolicyFor(image['reference']);
    // A volume without any source is an emptyDir.
    if (Object.keys(volume).every((key) => key === 'name')) volume['emptyDir'] = {};
  }
  // The deprecated name is kept as a copy of the one in use.
  const serviceAccount = spec['serviceAccountName'] ?? spec['serviceAccount'];
  if (serviceAccount !== undefined) Object.assign(spec, { serviceAccountName: serviceAccount, serviceAccount });
}

/** Fields behind feature gates that are off: the server drops them without a word, but for sidecars. */
function dropDisabled(spec: Json): void {
  for (const container of objectsAt(spec, 'containers')) delete container['restartPolicy'];
  for (const container of objectsAt(spec, 'initContainers')) {
    if (container['restartPolicy'] !== 'Always') delete container['restartPolicy'];
  }
}

/** `Always` for a tag that moves: `latest`, or none at all; a digest never moves. */
function pullPolicyFor(image: unknown): string {
  const name = typeof image === 'string' ? image : '';
  if (name.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(name)?.[1];
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
}

/** A limit without a request asks for all of it. */
function defaultRequests(container: Json): void {
  const resources = objectAt(container, 'resources');
  const limits = resources && objectAt(resources, 'limits');
  if (!resources || !limits) return;
  resources['requests'] = { ...limits, ...objectAt(resources, 'requests') };
}

function mergeStringData(secret: KubeObject): void {
  const strings = objectAt(secret, 'stringData');
  if (!strings) return;
  const data: Json = { ...objectAt(secret, 'data') };
  for (const [key, value] of Object.entries(strings)) data[key] = Buffer.from(String(value)).toString('base64');
  secret['data'] = data;
  delete secret['stringData'];
}

function labelNamespace(namespace: KubeObject): void {
  const { metadata } = namespace;
  if (metadata.name) metadata.labels = { 'kubernetes.io/metadata.name': metadata.name, ...metadata.labels };
}

function defaultNode(node: KubeObject): void {
  const spec = objectAt(node, 'spec');
  const range = spec?.['podCIDR'];
  // Two lists of ranges that do not agree: the older field is the one that counts.
  if (spec && typeof range === 'string' && (spec['podCIDRs'] as unknown[] | undefined)?.[0] !== range)
    spec['podCIDRs'] = [range];
  const status = objectAt(node, 'status');
  if (status?.['capacity'] !== undefined) status['allocatable'] ??= structuredClone(status['capacity']);
}

/** The older field and its successor say the same. */
function copyDataSource(claim: KubeObject): void {
  const spec = objectAt(claim, 'spec');
  const source = spec?.['dataSource'] ?? spec?.['dataSourceRef'];
  if (!spec || source === undefined || (source as Json)['namespace'] !== undefined) return;
  if (spec['dataSource'] !== undefined && !isClaimOrSnapshot(spec['dataSource'] as Json)) {
    delete spec['dataSource'];
    return;
  }
  spec['dataSource'] = source;
  spec['dataSourceRef'] = structuredClone(source);
}

/** The older field drops what it cannot name. */
function isClaimOrSnapshot({ apiGroup, kind, name }: Json): boolean {
  if (name === '') return false;
  const isCore = apiGroup === undefined || apiGroup === null || apiGroup === '';
  return isCore
    ? kind === 'PersistentVolumeClaim'
    : apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot';
}

/** Behind a feature gate that is off. */
function dropCoordination(lease: KubeObject): void {
  const spec = objectAt(lease, 'spec');
  delete spec?.['strategy'];
  delete spec?.['preferredHolder'];
}

function defaultPolicyTypes(policy: KubeObject): void {
  const spec = objectAt(policy, 'spec') ?? {};
  policy['spec'] = spec;
  if (spec['policyTypes'] !== undefined) return;
  spec['policyTypes'] = objectsAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function defaultSubjects(binding: KubeObject): void {
  for (const subject of objectsAt(binding, 'subjects')) {
    if (subject['kind'] === 'User' || subject['kind'] === 'Group') subject['apiGroup'] ??= RBAC_GROUP;
  }
}

function defaultCustomResource(definition: KubeObject): void {
  const spec = objectAt(definition, 'spec');
  const names = spec && objectAt(spec, 'names');
  if (!spec || !names) return;
  if (typeof names['kind'] === 'string' && names['kind'] !== '') {
    names['singular'] ||= names['kind'].toLowerCase();
    names['listKind'] ||= `${names['kind']}List`;
  }
  spec['conversion'] ??= { strategy: 'None' };
}
