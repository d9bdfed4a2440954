import type { ServedResource, ResourceTable } from '../resource-table.ts';
import type { Answer } from './respond.ts';
import { jsonAnswer, PAGE_NOT_FOUND } from './respond.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** /api, /apis and the group versions below them: what there is, in the two forms that clients know. */
export function discoveryAnswer(
  resources: ResourceTable,
  path: string,
  accept: string,
  serverAddress: string,
): Answer | undefined {
  const parts = path.split('/').filter(Boolean);
  const [root, group = '', version = ''] = parts;
  if (root === 'api') {
    if (parts.length === 1)
      return acceptsAggregated(accept) ? aggregated(resources, true) : jsonAnswer(200, apiVersions(serverAddress));
    return parts.length === 2 ? resourceList(resources, '', group) : undefined;
  }
  if (root !== 'apis') return undefined;
  if (parts.length === 1)
    return acceptsAggregated(accept) ? aggregated(resources, false) : jsonAnswer(200, groupList(resources));
  if (parts.length === 3) return resourceList(resources, group, version);
  const found = groupsOf(resources).find((item) => item.name === group);
  return found && parts.length === 2 ? jsonAnswer(200, { kind: 'APIGroup', apiVersion: 'v1', ...found }) : undefined;
}

function acceptsAggregated(accept: string): boolean {
  return accept.split(',').some((range) => {
    const parameters = range.split(';').map((part) => part.trim());
    return (
      parameters[0] === 'application/json' &&
      parameters.includes('g=apidiscovery.k8s.io') &&
      parameters.includes('v=v2') &&
      parameters.includes('as=APIGroupDiscoveryList')
    );
  });
}

function apiVersions(serverAddress: string): unknown {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

interface GroupEntry {
  readonly name: string;
  readonly versions: readonly { readonly groupVersion: string; readonly version: string }[];
  readonly preferredVersion: { readonly groupVersion: string; readonly version: string } | undefined;
}

function groupsOf(resources: ResourceTable): readonly GroupEntry[] {
  const versions = new Map<string, Set<string>>();
  for (const { group, version } of resources.all()) {
    if (group !== '') versions.set(group, (versions.get(group) ?? new Set<string>()).add(version));
  }
  return [...versions].map(([name, set]) => {
    const list = [...set].map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return { name, versions: list, preferredVersion: list[0] };
  });
}

function groupList(resources: ResourceTable): unknown {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(resources) };
}

function inGroupVersion(resources: ResourceTable, group: string, version: string): readonly ServedResource[] {
  return resources.all().filter((served) => served.group === group && served.version === version);
}

function resourceList(resources: ResourceTable, group: string, version: string): Answer {
  const served = inGroupVersion(resources, group, version);
  if (served.length === 0) return PAGE_NOT_FOUND;
  const entries = served.flatMap((resource) => [
    {
      name: resource.resource,
      singularName: resource.singular,
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: resource.verbs,
      ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
      ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
    },
    ...resource.subresources.map((subresource) => ({
      name: `${resource.resource}/${subresource.name}`,
      singularName: '',
      namespaced: resource.namespaced,
      ...(subresource.group === undefined ? {} : { group: subresource.group }),
      ...(subresource.version === undefined ? {} : { version: subresource.version }),
      kind: subresource.kind,
      verbs: subresource.verbs,
    })),
  ]);
  const groupVersion = group === '' ? version : `${group}/${version}`;
  return jsonAnswer(200, {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion,
    resources: entries,
  });
}

/** Everything in one answer: what newer clients ask for first. */
function aggregated(resources: ResourceTable, isCore: boolean): Answer {
  const groups = isCore ? [{ name: '', versions: [{ version: 'v1' }] }] : groupsOf(resources);
  const items = groups.map(({ name, versions }) => ({
    metadata: { ...(name === '' ? {} : { name }), creationTimestamp: null },
    versions: versions.map(({ version }) => ({
      version,
      freshness: 'Current',
      resources: inGroupVersion(resources, name, version).map((resource) => aggregatedResource(resource)),
    })),
  }));
  return jsonAnswer(
    200,
    { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items },
    AGGREGATED,
  );
}

function aggregatedResource(resource: ServedResource): unknown {
  return {
    resource: resource.resource,
    responseKind: { group: resource.group, version: resource.version, kind: resource.kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
    subresources: resource.subresources.map((subresource) => ({
      subresource: subresource.name,
      responseKind: {
        group: subresource.group ?? resource.group,
        version: subresource.version ?? resource.version,
        kind: subresource.kind,
      },
      verbs: subresource.verbs,
    })),
  };
}
