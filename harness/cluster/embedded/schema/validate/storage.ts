import { isDeepStrictEqual } from 'node:util';

import type { KubeObject } from '../../kube-object.ts';
import type { Causes, Json } from './field-causes.ts';
import {
  checkName,
  checkOneOf,
  child,
  forbidden,
  invalid,
  notSupported,
  required,
  text,
  texts,
} from './field-causes.ts';
import { dnsSubdomain, qualifiedName } from './names.ts';
import { quantityOf } from './resources.ts';
import { checkLabelSelector, checkNodeSelector } from './selectors.ts';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const VOLUME_MODES = ['Block', 'Filesystem'];
const NOT_SOURCES = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
]);
const CLAIM_IS_FIXED =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
const SOURCE_IS_FIXED = 'spec.persistentvolumesource is immutable after creation';

function checkAccessModes(causes: Causes, field: string, modes: readonly string[], missing: string): void {
  if (modes.length === 0) causes.push(required(field, missing));
  for (const mode of modes) checkOneOf(causes, field, mode, ACCESS_MODES);
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    causes.push(forbidden(field, 'may not use ReadWriteOncePod with other access modes'));
  }
}

/** The spec of a claim, in a claim of its own or in a pod's template. */
export function checkClaimSpec(causes: Causes, at: string, spec: Json | undefined): void {
  checkLabelSelector(causes, `${at}.selector`, child(spec, 'selector'));
  checkAccessModes(causes, `${at}.accessModes`, texts(spec, 'accessModes'), 'at least 1 access mode is required');
  const size = child(child(spec, 'resources'), 'requests')?.['storage'];
  if (size === undefined) causes.push(required(`${at}.resources[storage]`));
  else if (quantityOf(size).nano <= 0n)
    causes.push(invalid(`${at}.resources[storage]`, size, 'must be greater than zero'));
  if (text(spec, 'storageClassName') !== '')
    checkName(causes, `${at}.storageClassName`, text(spec, 'storageClassName'), dnsSubdomain);
  checkOneOf(causes, `${at}.volumeMode`, spec?.['volumeMode'], VOLUME_MODES);
}

export function validateClaim(claim: KubeObject): Causes {
  const causes: Causes = [];
  checkClaimSpec(causes, 'spec', child(claim, 'spec'));
  return causes;
}

/** A bound claim may grow; the rest stays, but for the volume, which is set once. */
export function validateClaimUpdate(claim: KubeObject, previous: KubeObject): Causes {
  const now = { ...child(claim, 'spec') };
  const before = { ...child(previous, 'spec') };
  if (text(before, 'volumeName') === '') before['volumeName'] = now['volumeName'];
  if (text(child(claim, 'status'), 'phase') === 'Bound') takeSize(now, sizeOf(previous));
  const causes: Causes = [];
  if (!isDeepStrictEqual(withoutUndefined(now), withoutUndefined(before)))
    causes.push(forbidden('spec', CLAIM_IS_FIXED));
  const [size, held] = [sizeOf(claim), child(child(previous, 'status'), 'capacity')?.['storage']];
  if (nanoOf(size) < nanoOf(sizeOf(previous)) && nanoOf(size) <= nanoOf(held))
    causes.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  // Told once more, under the name that the field has there.
  if (now['volumeMode'] !== before['volumeMode'])
    causes.push(invalid('volumeMode', now['volumeMode'], 'field is immutable'));
  return causes;
}

function sizeOf(claim: KubeObject): unknown {
  return child(child(child(claim, 'spec'), 'resources'), 'requests')?.['storage'];
}

/** No size is none. */
function nanoOf(size: unknown): bigint {
  return size === undefined ? 0n : quantityOf(size).nano;
}

/** The spec, but with this size. In place. */
function takeSize(spec: Json, size: unknown): void {
  const resources = child(spec, 'resources');
  const requests = child(resources, 'requests');
  if (requests) spec['resources'] = { ...resources, requests: { ...requests, storage: size } };
}

function withoutUndefined(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

export function validateVolume(volume: KubeObject): Causes {
  const causes: Causes = [];
  const spec = child(volume, 'spec') ?? {};
  checkAccessModes(causes, 'spec.accessModes', texts(spec, 'accessModes'), '');
  checkCapacity(causes, child(spec, 'capacity'));
  checkOneOf(causes, 'spec.persistentVolumeReclaimPolicy', spec['persistentVolumeReclaimPolicy'], [
    'Delete',
    'Recycle',
    'Retain',
  ]);
  const affinity = child(child(spec, 'nodeAffinity'), 'required');
  checkNodeSelector(causes, 'spec.nodeAffinity.required', affinity);
  const [first, ...others] = Object.keys(spec).filter((name) => !NOT_SOURCES.has(name));
  if (first === undefined) causes.push(required('spec', 'must specify a volume type'));
  for (const other of others.toSorted(bySourceOrder))
    causes.push(forbidden(`spec.${other}`, 'may not specify more than 1 volume type'));
  if (spec['local'] !== undefined && !affinity)
    causes.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  if (text(child(spec, 'hostPath'), 'path') === '/' && spec['persistentVolumeReclaimPolicy'] === 'Recycle') {
    causes.push(forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"));
  }
  if (text(spec, 'storageClassName') !== '')
    checkName(causes, 'spec.storageClassName', text(spec, 'storageClassName'), dnsSubdomain);
  checkOneOf(causes, 'spec.volumeMode', spec['volumeMode'], VOLUME_MODES);
  return causes;
}

/** hostPath is looked at first: another source beside it is the surplus one. */
function bySourceOrder(a: string, b: string): number {
  return Number(b === 'hostPath') - Number(a === 'hostPath');
}

function checkCapacity(causes: Causes, capacity: Json | undefined): void {
  if (!capacity) causes.push(required('spec.capacity'));
  const size = capacity?.['storage'];
  if (size === undefined || Object.keys(capacity ?? {}).length > 1) {
    causes.push(notSupported('spec.capacity', capacity ?? null, ['storage']));
  } else if (quantityOf(size).nano <= 0n)
    causes.push(invalid('spec.capacity[storage]', size, 'must be greater than zero'));
}

export function validateVolumeUpdate(volume: KubeObject, previous: KubeObject): Causes {
  const causes: Causes = [];
  const now = child(volume, 'spec') ?? {};
  const before = child(previous, 'spec') ?? {};
  const sources = (spec: Json): Json =>
    Object.fromEntries(Object.entries(spec).filter(([name]) => !NOT_SOURCES.has(name)));
  if (!isDeepStrictEqual(sources(now), sources(before)))
    causes.push(forbidden('spec.persistentvolumesource', SOURCE_IS_FIXED));
  if (now['volumeMode'] !== before['volumeMode'])
    causes.push(invalid('volumeMode', now['volumeMode'], 'field is immutable'));
  return causes;
}

export function validateStorageClass(storageClass: KubeObject): Causes {
  const causes: Causes = [];
  const provisioner = text(storageClass, 'provisioner');
  if (provisioner === '') causes.push(required('provisioner'));
  else
    for (const detail of qualifiedName(provisioner.toLowerCase()))
      causes.push(invalid('provisioner', provisioner, detail));
  if (Object.hasOwn(child(storageClass, 'parameters') ?? {}, ''))
    causes.push(invalid('parameters', '', 'field can not be empty.'));
  checkOneOf(causes, 'reclaimPolicy', storageClass['reclaimPolicy'], ['Delete', 'Retain']);
  checkOneOf(causes, 'volumeBindingMode', storageClass['volumeBindingMode'], ['Immediate', 'WaitForFirstConsumer']);
  return causes;
}

export function validateStorageClassUpdate(storageClass: KubeObject, previous: KubeObject): Causes {
  const causes: Causes = [];
  for (const name of ['parameters', 'provisioner', 'reclaimPolicy']) {
    if (!isDeepStrictEqual(storageClass[name], previous[name]))
      causes.push(forbidden(name, `updates to ${name} are forbidden.`));
  }
  if (storageClass['volumeBindingMode'] !== previous['volumeBindingMode']) {
    causes.push(invalid('volumeBindingMode', storageClass['volumeBindingMode'], 'field is immutable'));
  }
  return causes;
}

/** Labels of a claim's size for `kubectl get`: the modes in short. */
export function shortAccessModes(modes: readonly string[]): string {
  const short: Readonly<Record<string, string>> = {
    ReadWriteOnce: 'RWO',
    ReadOnlyMany: 'ROX',
    ReadWriteMany: 'RWX',
    ReadWriteOncePod: 'RWOP',
  };
  return Object.keys(short)
    .filter((mode) => modes.includes(mode))
    .map((mode) => short[mode])
    .join(',');
}
