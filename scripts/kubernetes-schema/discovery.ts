import { WavetankError } from '../../core/errors.ts';
import type { ApiClient } from './api-client.ts';
import { getDocument } from './api-client.ts';

/** The data file that says what is served: harness/cluster/embedded/schema/kinds.json. */
export interface KindList {
  readonly resources: readonly { groupVersion: string; resource: string; subresources?: readonly string[] }[];
}

/** One served kind; all but `groupVersion` is the run-time `KindInfo`. */
export interface KindEntry {
  readonly groupVersion: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly {
    name: string;
    kind: string;
    group?: string;
    version?: string;
    verbs: readonly string[];
  }[];
}

interface LegacyResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  group?: string;
  version?: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
}

/** Names, verbs, short names and categories of the listed resources, from /api and /apis. */
export async function readDiscovery(api: ApiClient, list: KindList): Promise<KindEntry[]> {
  const byGroupVersion = new Map<string, LegacyResource[]>();
  const entries: KindEntry[] = [];
  for (const wanted of list.resources) {
    let served = byGroupVersion.get(wanted.groupVersion);
    if (!served) {
      const path = wanted.groupVersion === 'v1' ? '/api/v1' : `/apis/${wanted.groupVersion}`;
      served = (await getDocument(api, path))['resources'] as LegacyResource[];
      byGroupVersion.set(wanted.groupVersion, served);
    }
    entries.push(kindEntry(wanted, served));
  }
  return entries;
}

function kindEntry(wanted: KindList['resources'][number], served: readonly LegacyResource[]): KindEntry {
  const find = (name: string): LegacyResource => {
    const found = served.find((entry) => entry.name === name);
    if (found) return found;
    throw new WavetankError('KIND_NOT_SERVED', `this API server has no ${name} in ${wanted.groupVersion}`, {
      category: 'environment',
    });
  };
  const resource = find(wanted.resource);
  const [group, version] = wanted.groupVersion.includes('/')
    ? wanted.groupVersion.split('/')
    : ['', wanted.groupVersion];
  return {
    groupVersion: wanted.groupVersion,
    group: group ?? '',
    version: version ?? '',
    kind: resource.kind,
    resource: resource.name,
    singular: resource.singularName,
    namespaced: resource.namespaced,
    shortNames: resource.shortNames ?? [],
    categories: resource.categories ?? [],
    verbs: resource.verbs,
    subresources: (wanted.subresources ?? []).map((name) => {
      const subresource = find(`${wanted.resource}/${name}`);
      return {
        name,
        kind: subresource.kind,
        ...(subresource.version === undefined ? {} : { group: subresource.group ?? '', version: subresource.version }),
        verbs: subresource.verbs,
      };
    }),
  };
}
