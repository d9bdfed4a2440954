import type { ApiCore } from '../api-core.ts';
import { timestamp } from '../api-core.ts';
import { arrayAt, cloneJson, equalJson, isObject, objectAt, stringAt, valueAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { CustomVersion, PrinterColumn, ServedResource } from '../resource-table.ts';

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
export const CRD_KEY = 'apiextensions.k8s.io/customresourcedefinitions';

/**
 * Serves what a definition describes, unless its names are taken, and says so in its conditions.
 * Differs from kube-apiserver, which needs some milliseconds for it: here it is done in the same turn as the write of the
 * definition. A client that waits for Established sees no difference.
 */
export function establish(core: ApiCore, definition: KubeObject): void {
  if (definition.metadata.deletionTimestamp !== undefined) return;
  const conflict = nameConflict(core, definition);
  core.resources.setCustom(definition.metadata.name ?? '', conflict === undefined ? servedBy(definition) : []);
  const status = statusOf(core, definition, conflict);
  if (equalJson(status, definition['status'])) return;
  core.store.put(CRD_KEY, { ...cloneJson(definition), status });
}

export function servedBy(definition: KubeObject): ServedResource[] {
  return arrayAt(definition, 'spec', 'versions')
    .filter((version) => valueAt(version, 'served') === true)
    .map((version) => servedVersion(definition, version));
}

/** Also of a definition that serves none of its versions any more: its objects are still there. */
export function storedAs(definition: KubeObject): ServedResource {
  return servedVersion(definition, arrayAt(definition, 'spec', 'versions')[0]);
}

/** The last name (as the real controller reports it) that another definition of the group has accepted already, as `KindConflict` and the like. */
function nameConflict(core: ApiCore, definition: KubeObject): { reason: string; message: string } | undefined {
  const group = stringAt(definition, 'spec', 'group');
  const others = core.store
    .list(CRD_KEY)
    .filter((other) => other.metadata.uid !== definition.metadata.uid && stringAt(other, 'spec', 'group') === group)
    .map((other) => objectAt(other, 'status', 'acceptedNames'));
  const resourceNames = new Set(
    others.flatMap((names) => [names['plural'], names['singular'], ...arrayAt(names, 'shortNames')]),
  );
  const kinds = new Set(others.flatMap((names) => [names['kind'], names['listKind']]));
  const names = objectAt(definition, 'spec', 'names');
  const wanted: readonly (readonly [string, unknown, ReadonlySet<unknown>])[] = [
    ['PluralConflict', names['plural'], resourceNames],
    ['SingularConflict', names['singular'], resourceNames],
    ...arrayAt(names, 'shortNames').map((name) => ['ShortNamesConflict', name, resourceNames] as const),
    ['KindConflict', names['kind'], kinds],
    ['ListKindConflict', names['listKind'], kinds],
  ];
  const taken = wanted.findLast(([, name, present]) => name !== undefined && name !== '' && present.has(name));
  return taken && { reason: taken[0], message: `${JSON.stringify(taken[1])} is already in use` };
}

function servedVersion(definition: KubeObject, version: unknown): ServedResource {
  const group = stringAt(definition, 'spec', 'group') ?? '';
  const names = objectAt(definition, 'spec', 'names');
  const resource = stringAt(names, 'plural') ?? '';
  const kind = stringAt(names, 'kind') ?? '';
  const custom: CustomVersion = {
    crdName: definition.metadata.name ?? '',
    schema: objectAt(version, 'schema', 'openAPIV3Schema'),
    hasStatus: isObject(valueAt(version, 'subresources', 'status')),
    columns: arrayAt(version, 'additionalPrinterColumns') as readonly PrinterColumn[],
  };
  return {
    key: `${group}/${resource}`,
    group,
    version: stringAt(version, 'name') ?? '',
    kind,
    resource,
    singular: stringAt(names, 'singular') ?? kind.toLowerCase(),
    namespaced: stringAt(definition, 'spec', 'scope') === 'Namespaced',
    shortNames: arrayAt(names, 'shortNames').map(String),
    categories: arrayAt(names, 'categories').map(String),
    verbs: VERBS,
    subresources: custom.hasStatus ? [{ name: 'status', kind, verbs: ['get', 'patch', 'update'] }] : [],
    custom,
  };
}

function statusOf(
  core: ApiCore,
  definition: KubeObject,
  conflict: { reason: string; message: string } | undefined,
): JsonObject {
  const status = objectAt(definition, 'status');
  const stored = arrayAt(definition, 'spec', 'versions').find((version) => valueAt(version, 'storage') === true);
  const condition = (type: string, isTrue: boolean, reason: string, message: string): JsonObject => {
    const before = arrayAt(status, 'conditions').find((item) => stringAt(item, 'type') === type);
    const state = isTrue ? 'True' : 'False';
    const isSame = stringAt(before, 'status') === state;
    const lastTransitionTime =
      (isSame ? stringAt(before, 'lastTransitionTime') : undefined) ?? timestamp(core.clock.now());
    return { type, status: state, lastTransitionTime, reason, message };
  };
  return {
    conditions: conflict
      ? [
          condition('NamesAccepted', false, conflict.reason, conflict.message),
          condition('Established', false, 'NotAccepted', 'not all names are accepted'),
        ]
      : [
          condition('NamesAccepted', true, 'NoConflicts', 'no conflicts found'),
          condition('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted'),
        ],
    acceptedNames: conflict ? { plural: '', kind: '' } : cloneJson(objectAt(definition, 'spec', 'names')),
    storedVersions: [...new Set([...arrayAt(status, 'storedVersions').map(String), stringAt(stored, 'name') ?? ''])],
  };
}
