import type { ApiClient } from './api-client.ts';
import { getDocument } from './api-client.ts';
import type { KindEntry } from './discovery.ts';
import { resourceName } from './measure.ts';
import type { Json } from './schema-walk.ts';
import { collectionPath } from './schema-walk.ts';

/** The columns of `kubectl get` for every kind that can be listed, without their descriptions. */
export async function readColumns(api: ApiClient, kinds: readonly KindEntry[]): Promise<Record<string, Json[]>> {
  const columns: Record<string, Json[]> = {};
  for (const kind of kinds.filter((entry) => entry.verbs.includes('list'))) {
    const table = await getDocument(
      api,
      collectionPath(kind, 'default'),
      'application/json;as=Table;v=v1;g=meta.k8s.io',
    );
    columns[resourceName(kind)] = (table['columnDefinitions'] as Json[]).map((column) => ({
      ...column,
      description: '',
    }));
  }
  return columns;
}
