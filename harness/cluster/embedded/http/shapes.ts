import { frozenJson } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { ListResult } from '../verbs/list.ts';
import { apiVersionOf } from '../resource-table.ts';
import type { ServedResource } from '../resource-table.ts';
import { tableOf } from '../table/table.ts';
import type { TableOptions } from '../table/table.ts';
import type { Accepted } from './negotiate.ts';
import { checkShape } from './negotiate.ts';

/** One object in the shape that the client accepts, as JSON. */
export function shapeObject(
  served: ServedResource,
  object: KubeObject,
  as: Accepted['as'],
  table: TableOptions,
): string {
  checkShape(served, as, false);
  if (as === 'Table') return JSON.stringify(tableOf(served, [object], versionOf(object), table));
  if (as === 'PartialObjectMetadata') return JSON.stringify(partial(object));
  return objectJson(served, object);
}

/** What a dry run makes has none. */
function versionOf({ metadata }: KubeObject): { resourceVersion?: string } {
  return metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion };
}

export function shapeList(served: ServedResource, list: ListResult, as: Accepted['as'], table: TableOptions): string {
  checkShape(served, as, true);
  if (as === 'Table') return JSON.stringify(tableOf(served, list.items, list.metadata, table));
  if (as === 'PartialObjectMetadataList') {
    return JSON.stringify({
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: list.metadata,
      items: list.items.length === 0 ? null : list.items.map(partial),
    });
  }
  const head = JSON.stringify({
    kind: `${served.kind}List`,
    apiVersion: apiVersionOf(served),
    // Lists of custom resources always have the field.
    metadata: served.custom ? { continue: '', ...list.metadata } : list.metadata,
  });
  return `${head.slice(0, -1)},"items":[${list.items.map((item) => itemJson(served, item)).join(',')}]}`;
}

/** In a list of a built-in kind the objects do not say what they are; those of custom kinds do. */
function itemJson(served: ServedResource, item: KubeObject): string {
  const json = objectJson(served, item);
  if (served.custom) return json;
  const [apiVersion, kind] = [`"apiVersion":"${apiVersionOf(served)}"`, `"kind":"${served.kind}"`];
  for (const head of [`{${apiVersion},${kind},`, `{${kind},${apiVersion},`])
    if (json.startsWith(head)) return `{${json.slice(head.length)}`;
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = item;
  return JSON.stringify(rest);
}

/** Every served version shows the same object; only the version in it differs. */
function objectJson(served: ServedResource, object: KubeObject): string {
  const apiVersion = apiVersionOf(served);
  return object.apiVersion === apiVersion ? frozenJson(object) : JSON.stringify({ ...object, apiVersion });
}

function partial(object: KubeObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
