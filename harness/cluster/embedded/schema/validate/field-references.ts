import type { Causes, Json } from './field-causes.ts';
import { invalid, notSupported, required, text } from './field-causes.ts';
import { checkDivisor, isHugePages } from './resources.ts';

/** Fields of a pod that can be named at all; what a place offers is a part of them. */
const KNOWN_FIELDS = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'spec.hostNetwork',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
  'status.nominatedNodeName',
]);
const CONTAINER_RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
/** `metadata.labels['key']`: one label or annotation. */
const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.*)'\]$/;

/** A `fieldRef`: a field of the pod, out of those that the place offers. */
export function checkFieldReference(causes: Causes, at: string, reference: Json, offered: readonly string[]): void {
  const path = text(reference, 'fieldPath');
  const version = text(reference, 'apiVersion');
  const field = `${at}.fieldPath`;
  if (path === '') {
    causes.push(required(field));
    return;
  }
  if (version !== '' && version !== 'v1') {
    causes.push(invalid(field, path, `error converting fieldPath: unsupported pod version: ${version}`));
    return;
  }
  if (SUBSCRIPT.test(path)) return;
  if (!KNOWN_FIELDS.has(path)) {
    causes.push(invalid(field, path, `error converting fieldPath: field label not supported: ${path}`));
  } else if (!offered.includes(path)) {
    causes.push(notSupported(field, path, offered));
  }
}

/** A `resourceFieldRef`: a request or limit; in a volume the container has to be named. */
export function checkResourceReference(causes: Causes, at: string, reference: Json, isInVolume: boolean): void {
  const resource = text(reference, 'resource');
  if (isInVolume && text(reference, 'containerName') === '') {
    causes.push(required(`${at}.containerName`));
    return;
  }
  if (resource === '') {
    causes.push(required(`${at}.resource`));
    return;
  }
  if (!CONTAINER_RESOURCES.includes(resource) && !isHugePages(resource.slice(resource.indexOf('.') + 1))) {
    causes.push(notSupported(`${at}.resource`, resource, CONTAINER_RESOURCES));
  }
  checkDivisor(causes, at, reference);
}
