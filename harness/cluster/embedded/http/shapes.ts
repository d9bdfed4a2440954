import { frozenJson } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { ListResult } from '../verbs/list.ts';
import { apiVersionOf } from '../resource-table.ts';
import type { ServedResource } from '../resource-table.ts';
import { tableOf } from '../table/table.ts';
import type { TableOptions } from '../table/table.ts';
import type { Accepted } from './negotiate.ts';

/** One object in the shape that the client accepts, as JSON. */
export function shapeObject(
  served: ServedResource,
  object: KubeObject,
  as: Accepted['as'],
  table: TableOptions,
): string {
  if (as === 'Table')
    return JSON.stringify(tableOf(served, [object], { resourceVersion: object.metadata.resourceVersion ?? '' }, table));
  if (as === 'PartialObjectMetadata') return JSON.stringify(partial(object));
  return objectJson(served, object);
}

export function shapeList(served: ServedResource, list: ListResult, as: Accepted['as'], table: TableOptions): string {
  if (as === 'Table') return JSON.stringify(tableOf(served, list.items, list.metadata, table));
  if (as === 'PartialObjectMetadata') {
    return JSON.stringify({
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: list.metadata,
      items: list.items.map(partial),
    });
  }
  const head = JSON.stringify({
    kind: `${served.kind}List`,
    apiVersion: apiVersionOf(served),
    metadata: list.metadata,
  });
  return `${head.slice(0, -1)},"items":[${list.items.map((item) => objectJson(served, item)).join(',')}]}`;
}

/** Every served version shows the same object; only the version in it differs. */
function objectJson(served: ServedResource, object: KubeObject): string {
  const apiVersion = apiVersionOf(served);
  return object.apiVersion === apiVersion ? frozenJson(object) : JSON.stringify({ ...object, apiVersion });
}

function partial(object: KubeObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
