import { arrayAt, objectAt, stringAt, valueAt } from '../../json.ts';
import type { KubeObject } from '../../kube-object.ts';
import { addressWarnings } from './address-warnings.ts';
import { pathWarnings } from './path-warnings.ts';
import { portWarnings } from './port-warnings.ts';

/** Kinds of volumes that are on their way out, or gone. */
const OLD_VOLUMES: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

const OLD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

const SECCOMP_OF_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_OF_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
const USE_PROFILE = 'non-functional in v1.27+; use the "seccompProfile" field instead';

export const OLD_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

/** What a pod is accepted with although it is hardly meant, in the order of the real server. */
export function podWarnings(pod: KubeObject): string[] {
  const annotations = pod.metadata.annotations ?? {};
  const volumes = arrayAt(pod, 'spec', 'volumes');
  const containers = ['initContainers', 'containers'].flatMap((field) =>
    arrayAt(pod, 'spec', field).map((container, index) => ({ container, path: `spec.${field}[${index}]` })),
  );
  return [
    ...hostnameWarnings(pod.metadata.name ?? ''),
    ...told(objectAt(pod, 'spec', 'nodeSelector'), OLD_LABELS, 'spec.nodeSelector'),
    ...told(annotations, OLD_ANNOTATIONS, 'metadata.annotations'),
    ...volumes.flatMap((volume, index) =>
      Object.entries(OLD_VOLUMES)
        .filter(([kind]) => valueAt(volume, kind) !== undefined)
        // One of them is named as the type in Go is.
        .map(([kind, why]) => `spec.volumes[${index}].${kind === 'storageos' ? 'storageOS' : kind}: ${why}`),
    ),
    ...pathWarnings(volumes),
    ...aliasWarnings(pod),
    ...pullSecretWarnings(pod),
    ...(SECCOMP_OF_POD in annotations && !valueAt(pod, 'spec', 'securityContext', 'seccompProfile')
      ? [`metadata.annotations[${SECCOMP_OF_POD}]: ${USE_PROFILE}`]
      : []),
    ...containers.flatMap(({ container, path }) => containerWarnings(container, path, annotations)),
    ...portWarnings(containers),
    ...graceWarnings(pod),
    ...arrayAt(pod, 'spec', 'dnsConfig', 'nameservers').flatMap((address, index) =>
      addressWarnings(`spec.dnsConfig.nameservers[${index}]`, String(address)),
    ),
    ...arrayAt(pod, 'spec', 'hostAliases').flatMap((alias, index) =>
      addressWarnings(`spec.hostAliases[${index}].ip`, stringAt(alias, 'ip') ?? ''),
    ),
  ];
}

/** Keys that have a word of their own. */
export function told(keys: object, words: Readonly<Record<string, string>>, field: string): string[] {
  return Object.entries(words)
    .filter(([key]) => key in keys)
    .map(([key, word]) => `${field}[${key}]: ${word}`);
}

function aliasWarnings(pod: KubeObject): string[] {
  const addresses = arrayAt(pod, 'spec', 'hostAliases').map((alias) => stringAt(alias, 'ip') ?? '');
  return addresses.flatMap((ip, index) =>
    addresses.indexOf(ip) < index ? [`spec.hostAliases[${index}].ip: duplicate ip ${JSON.stringify(ip)}`] : [],
  );
}

function pullSecretWarnings(pod: KubeObject): string[] {
  const names = arrayAt(pod, 'spec', 'imagePullSecrets').map((secret) => stringAt(secret, 'name') ?? '');
  const at = (index: number): string => `spec.imagePullSecrets[${index}].name`;
  return [
    ...names.flatMap((name, index) =>
      names.indexOf(name) < index ? [`${at(index)}: duplicate name ${JSON.stringify(name)}`] : [],
    ),
    ...names.flatMap((name, index) => (name === '' ? [`${at(index)}: invalid empty name ""`] : [])),
  ];
}

function graceWarnings(pod: KubeObject): string[] {
  const seconds = valueAt(pod, 'spec', 'terminationGracePeriodSeconds');
  return typeof seconds === 'number' && seconds < 0
    ? ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1']
    : [];
}

function containerWarnings(container: unknown, path: string, annotations: object): string[] {
  const warnings: string[] = [];
  const seccomp = `${SECCOMP_OF_CONTAINER}${stringAt(container, 'name') ?? ''}`;
  if (seccomp in annotations && !valueAt(container, 'securityContext', 'seccompProfile'))
    warnings.push(`metadata.annotations[${seccomp}]: ${USE_PROFILE}`);
  for (const resource of ['memory', 'ephemeral-storage']) {
    for (const field of ['limits', 'requests'])
      warnings.push(...fractionWarnings(container, `${path}.resources`, field, resource));
  }
  const names = new Set<string>();
  arrayAt(container, 'env').forEach((variable, index) => {
    const name = stringAt(variable, 'name') ?? '';
    if (names.has(name) && hidesPrevious(variable, name))
      warnings.push(
        `${path}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
      );
    names.add(name);
  });
  return warnings;
}

/** A variable may be built from the one of the same name before it. */
function hidesPrevious(variable: unknown, name: string): boolean {
  const value = stringAt(variable, 'value') ?? '';
  const reference = `$(${name})`;
  return valueAt(variable, 'valueFrom') !== undefined || value === reference || !value.includes(reference);
}

/** @param owner has `resources` */
export function fractionWarnings(owner: unknown, at: string, field: string, resource: string): string[] {
  const quantity = objectAt(owner, 'resources', field)[resource];
  return typeof quantity === 'string' && quantity.endsWith('m')
    ? [`${at}.${field}[${resource}]: fractional byte value "${quantity}" is invalid, must be an integer`]
    : [];
}

/** The name of a pod is its hostname. */
function hostnameWarnings(name: string): string[] {
  const why: string[] = [];
  if (name.length > 63) why.push('must be no more than 63 characters');
  if (name.includes('.')) why.push('must not contain dots');
  if (why.length === 0) return [];
  return [
    `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${why.join(' ')}]`,
  ];
}
