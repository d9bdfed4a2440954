import { randomUuid } from '../../../core/entropy.ts';
import type { Entropy } from '../../../core/entropy.ts';
import type { ApiCore } from './api-core.ts';
import { timestamp } from './api-core.ts';
import { equalJson, isObject } from './json.ts';
import type { KubeObject } from './kube-object.ts';
import { conflict, invalid, unexplained } from './kube-status.ts';
import type { ServedResource } from './resource-table.ts';
import type { FieldCause } from './schema-face.ts';
import { wasSentEmpty } from './schema/sent-empty.ts';
import { forbidden as forbiddenField, invalid as invalidValue } from './schema/validate/field-causes.ts';

/** Built-in kinds whose `metadata.generation` counts changes of their spec; custom resources always count. */
const COUNTS_GENERATIONS = new Set([
  '/pods',
  'networking.k8s.io/networkpolicies',
  'apiextensions.k8s.io/customresourcedefinitions',
]);

/** generateName: the prefix is cut so that prefix and suffix fit a DNS label. */
const LONGEST_GENERATED_PREFIX = 58;
/** Vowels and digits that look like them are left out, as in the real server, so that no words arise. */
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

export function generatedName(prefix: string, entropy: Entropy): string {
  const suffix = [...entropy.bytes(5)].map((byte) => SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length]).join('');
  return prefix.slice(0, LONGEST_GENERATED_PREFIX) + suffix;
}

/** System fields of a new object; whatever the client wrote into them is dropped. In place. */
export function stampNew(core: ApiCore, served: ServedResource, object: KubeObject): void {
  const { metadata } = object;
  metadata.uid = randomUuid(core.entropy);
  metadata.creationTimestamp = timestamp(core.clock.now());
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.resourceVersion;
  delete metadata['selfLink'];
  delete metadata['managedFields'];
  // Kinds that count no generations keep what the client writes there.
  if (countsGenerations(served)) metadata.generation = 1;
  else if (metadata.generation === 0) delete metadata.generation;
}

/** An update may leave out which incarnation it is about and that the object goes, and may say neither of another one. */
export function systemChanges(previous: KubeObject, object: KubeObject): FieldCause[] {
  return (['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const).flatMap((field) => {
    const value = object.metadata[field] ?? undefined;
    if (value === undefined || value === '' || value === previous.metadata[field]) return [];
    return [invalidValue(`metadata.${field}`, value, 'field is immutable')];
  });
}

/** System fields that no update changes. In place. */
export function carryOver(previous: KubeObject, object: KubeObject): void {
  const { metadata } = object;
  const old = previous.metadata;
  for (const field of [
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
  ] as const) {
    if (old[field] === undefined) delete metadata[field];
    else (metadata as Record<string, unknown>)[field] = old[field];
  }
  delete metadata['selfLink'];
  delete metadata['managedFields'];
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
    const value = metadata[field];
    if (value === null || (value !== undefined && Object.keys(value).length === 0)) delete metadata[field];
  }
}

/** Keys in etcd are of the plural, but for nodes; those of custom resources have their group. */
function etcdKey(served: ServedResource, { metadata }: KubeObject): string {
  const own = served.custom || served.resource === 'customresourcedefinitions' ? `${served.group}/` : '';
  const plural = served.key === '/nodes' ? 'minions' : served.resource;
  const namespace = metadata.namespace === undefined ? '' : `${metadata.namespace}/`;
  return `/${own}${plural}/${namespace}${metadata.name}`;
}

/** An update may name the incarnation that it is meant for. @throws KubeStatusError 409 */
export function checkUid(
  served: ServedResource,
  previous: KubeObject | undefined,
  object: KubeObject,
  isDryRun: boolean,
): void {
  const { uid } = object.metadata;
  const there = previous?.metadata.uid ?? '';
  if (uid === undefined || uid === '' || uid === there) return;
  const failed = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${there}`;
  throw conflict(
    served,
    object.metadata.name ?? '',
    `StorageError: invalid object, Code: 4, Key: ${isDryRun ? '' : '/registry'}${etcdKey(served, object)}, ResourceVersion: 0, AdditionalErrorMsg: ${failed}`,
  );
}

/** Built-in kinds of which no update is unconditional, as of custom ones. */
const NEEDS_VERSION = new Set(['coordination.k8s.io/leases']);

/** 0 when there is none. @throws KubeStatusError 500 */
export function parseObjectVersion({ metadata }: KubeObject): number {
  const { resourceVersion = '' } = metadata;
  if (/^\d*$/.test(resourceVersion)) return Number(resourceVersion);
  throw unexplained(`strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`);
}

/** @throws KubeStatusError 409, 500 for what is no version, or 422 for a custom resource without one. */
export function checkVersion(served: ServedResource, previous: KubeObject, object: KubeObject): void {
  const name = previous.metadata.name ?? '';
  const { resourceVersion = '' } = object.metadata;
  if (resourceVersion === previous.metadata.resourceVersion) return;
  if (parseObjectVersion(object) !== 0) throw conflict(served, name);
  if (served.custom === undefined && !NEEDS_VERSION.has(served.key)) return;
  const about = { group: served.group, kind: served.resource };
  throw invalid(about, name, [invalidValue('metadata.resourceVersion', 0, 'must be specified for an update')]);
}

/** The spec changed: a new generation. In place. */
export function countGeneration(served: ServedResource, previous: KubeObject, object: KubeObject): void {
  if (!countsGenerations(served)) return;
  const ignoresStatus = served.custom === undefined || served.custom.hasStatus;
  // Of network policies alone an empty list is compared with none as with something else.
  const isOtherwiseEmpty = served.key === 'networking.k8s.io/networkpolicies' && wasSentEmpty(object, 'spec');
  if (isOtherwiseEmpty || !equalJson(desired(previous, ignoresStatus), desired(object, ignoresStatus))) {
    object.metadata.generation = (previous.metadata.generation ?? 1) + 1;
  }
}

function desired(object: KubeObject, ignoresStatus: boolean): Record<string, unknown> {
  const { metadata: _metadata, status, ...rest } = object;
  return ignoresStatus ? rest : { ...rest, status };
}

function countsGenerations(served: ServedResource): boolean {
  return served.custom !== undefined || COUNTS_GENERATIONS.has(served.key);
}

export function validateMetadataUpdate(previous: KubeObject, object: KubeObject): FieldCause[] {
  const before = new Set(previous.metadata.finalizers);
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (previous.metadata.deletionTimestamp === undefined || added.length === 0) return [];
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  return [
    forbiddenField(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ];
}

/** A deletion that was only waiting for its finalizers is done when the last one goes. */
export function isReadyToGo(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  return (
    deletionTimestamp !== undefined &&
    (deletionGracePeriodSeconds ?? 0) === 0 &&
    (finalizers?.length ?? 0) === 0 &&
    !holdsNamespace(object)
  );
}

/** A namespace is held by spec.finalizers, which its own subresource `finalize` empties. */
function holdsNamespace(object: KubeObject): boolean {
  if (object.kind !== 'Namespace' || object.apiVersion !== 'v1') return false;
  const spec = object['spec'];
  return isObject(spec) && Array.isArray(spec['finalizers']) && spec['finalizers'].length > 0;
}
