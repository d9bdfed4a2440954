import { arrayAt, objectAt, stringAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';

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

/** What a pod is accepted with although it is hardly meant. */
export function podWarnings(pod: KubeObject): string[] {
  const warnings: string[] = hostnameWarnings(pod.metadata.name ?? '');
  arrayAt(pod, 'spec', 'volumes').forEach((volume, index) => {
    for (const [kind, why] of Object.entries(OLD_VOLUMES))
      if (valueAt(volume, kind) !== undefined) warnings.push(`spec.volumes[${index}].${kind}: ${why}`);
  });
  const secrets = arrayAt(pod, 'spec', 'imagePullSecrets').map((secret) => stringAt(secret, 'name') ?? '');
  secrets.forEach((name, index) => {
    if (secrets.indexOf(name) < index)
      warnings.push(`spec.imagePullSecrets[${index}].name: duplicate name ${JSON.stringify(name)}`);
  });
  arrayAt(pod, 'spec', 'imagePullSecrets').forEach((secret, index) => {
    if (!stringAt(secret, 'name')) warnings.push(`spec.imagePullSecrets[${index}].name: invalid empty name ""`);
  });
  for (const field of ['initContainers', 'containers'])
    arrayAt(pod, 'spec', field).forEach((container, index) =>
      warnings.push(...containerWarnings(container, `spec.${field}[${index}]`)),
    );
  return warnings;
}

function containerWarnings(container: unknown, path: string): string[] {
  const warnings: string[] = [];
  for (const field of ['limits', 'requests']) {
    for (const resource of ['memory', 'ephemeral-storage']) {
      const quantity = objectAt(container, 'resources', field)[resource];
      if (typeof quantity === 'string' && quantity.endsWith('m'))
        warnings.push(
          `${path}.resources.${field}[${resource}]: fractional byte value "${quantity}" is invalid, must be an integer`,
        );
    }
  }
  const names = new Set<string>();
  arrayAt(container, 'env').forEach((variable, index) => {
    const name = stringAt(variable, 'name') ?? '';
    if (names.has(name))
      warnings.push(
        `${path}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
      );
    names.add(name);
  });
  return warnings;
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
