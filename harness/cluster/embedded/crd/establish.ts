import type { ApiCore } from '../api-core.ts';
import { timestamp } from '../api-core.ts';
import { arrayAt, cloneJson, isObject, objectAt, stringAt, valueAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { CustomVersion, PrinterColumn, ServedResource } from '../resource-table.ts';

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
export const CRD_KEY = 'apiextensions.k8s.io/customresourcedefinitions';

/**
 * Serves what a definition describes and says so in its conditions. In the same turn as the write of the definition:
 * Differs from kube-apiserver, which needs some milliseconds for it; a client that waits for Established sees no difference.
 */
export function establish(core: ApiCore, definition: KubeObject): void {
  const name = definition.metadata.name ?? '';
  if (definition.metadata.deletionTimestamp === undefined) core.resources.setCustom(name, servedBy(definition));
  const status = statusOf(core, definition);
  if (status === undefined) return;
  core.store.put(CRD_KEY, { ...cloneJson(definition), status });
}

export function servedBy(definition: KubeObject): ServedResource[] {
  return arrayAt(definition, 'spec', 'versions')
    .filter((version) => valueAt(version, 'served') === true)
    .map((version) => servedVersion(definition, version));
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

/** @returns undefined when the status says it already: writing it again would never end. */
function statusOf(core: ApiCore, definition: KubeObject): JsonObject | undefined {
  const names = objectAt(definition, 'spec', 'names');
  const status = objectAt(definition, 'status');
  const isEstablished = arrayAt(status, 'conditions').some(
    (condition) => valueAt(condition, 'type') === 'Established' && valueAt(condition, 'status') === 'True',
  );
  const stored = arrayAt(definition, 'spec', 'versions').find((version) => valueAt(version, 'storage') === true);
  const storedVersions = [
    ...new Set([...arrayAt(status, 'storedVersions').map(String), stringAt(stored, 'name') ?? '']),
  ];
  if (isEstablished && storedVersions.length === arrayAt(status, 'storedVersions').length) return undefined;
  const lastTransitionTime = timestamp(core.clock.now());
  return {
    conditions: [
      {
        type: 'NamesAccepted',
        status: 'True',
        lastTransitionTime,
        reason: 'NoConflicts',
        message: 'no conflicts found',
      },
      {
        type: 'Established',
        status: 'True',
        lastTransitionTime,
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      },
    ],
    acceptedNames: cloneJson(names),
    storedVersions,
  };
}
