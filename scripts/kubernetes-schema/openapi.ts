import type { ApiClient } from './api-client.ts';
import { getDocument } from './api-client.ts';
import type { KindEntry } from './discovery.ts';

type Json = Record<string, unknown>;

/** What is kept of the OpenAPI documents: schemas of all group versions by name, and the paths of each, without prose. */
export interface OpenApiParts {
  definitions: Record<string, Json>;
  /** Key: `api/v1`, `apis/networking.k8s.io/v1`. */
  paths: Record<string, Record<string, Json>>;
}

const REF_PREFIX = '#/components/schemas/';

/** Reads the OpenAPI v3 document of every group version that the kinds need, and keeps their paths and what those refer to. */
export async function readOpenApi(api: ApiClient, kinds: readonly KindEntry[]): Promise<OpenApiParts> {
  const parts: OpenApiParts = { definitions: {}, paths: {} };
  for (const groupVersion of new Set(kinds.map((kind) => kind.groupVersion))) {
    const key = groupVersion === 'v1' ? 'api/v1' : `apis/${groupVersion}`;
    const document = await getDocument(api, `/openapi/v3/${key}`);
    const paths = keepPaths(
      document['paths'] as Record<string, Json>,
      key,
      kinds.filter((kind) => kind.groupVersion === groupVersion),
    );
    parts.paths[key] = paths;
    const schemas = (document['components'] as { schemas: Record<string, Json> }).schemas;
    const queue = rootsOf(paths, schemas, kinds);
    for (const name of queue) addWithReferences(name, schemas, parts.definitions);
  }
  parts.definitions = Object.fromEntries(Object.entries(parts.definitions).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return parts;
}

function rootsOf(paths: Record<string, Json>, schemas: Record<string, Json>, kinds: readonly KindEntry[]): string[] {
  const roots = referencesIn(paths);
  for (const [name, schema] of Object.entries(schemas)) {
    const served = (schema['x-kubernetes-group-version-kind'] ?? []) as {
      group: string;
      version: string;
      kind: string;
    }[];
    const isServed = served.some((gvk) =>
      kinds.some((kind) => kind.group === gvk.group && kind.version === gvk.version && kind.kind === gvk.kind),
    );
    if (isServed) roots.push(name);
  }
  return roots;
}

function addWithReferences(name: string, schemas: Record<string, Json>, into: Record<string, Json>): void {
  const schema = schemas[name];
  if (schema === undefined || into[name] !== undefined) return;
  const bare = withoutProse(schema, false) as Json;
  into[name] = bare;
  for (const next of referencesIn(bare)) addWithReferences(next, schemas, into);
}

/** Drops `description`, but not a property that has that name. */
function withoutProse(value: unknown, areNames: boolean): unknown {
  if (Array.isArray(value)) return value.map((entry) => withoutProse(entry, false));
  if (typeof value !== 'object' || value === null) return value;
  const result: Json = {};
  for (const [key, child] of Object.entries(value)) {
    if (!areNames && key === 'description') continue;
    result[key] = withoutProse(child, !areNames && key === 'properties');
  }
  return result;
}

function referencesIn(value: unknown): string[] {
  const found: string[] = [];
  JSON.stringify(value, (key, child: unknown) => {
    if (key === '$ref' && typeof child === 'string') found.push(child.slice(REF_PREFIX.length));
    return child;
  });
  return found;
}

/** The paths of the listed resources and subresources; the deprecated `/watch/` ones are left out. */
function keepPaths(paths: Record<string, Json>, key: string, kinds: readonly KindEntry[]): Record<string, Json> {
  const kept: Record<string, Json> = {};
  for (const [path, item] of Object.entries(paths)) {
    const rest = path.slice(`/${key}/`.length).replace(/^namespaces\/\{namespace\}\/(?=[a-z])/, '');
    const [resource, , subresource] = rest.split('/');
    const isNamespaceItself = /^namespaces\/\{name\}\/(finalize|status)$/.test(path.slice(`/${key}/`.length));
    const kind = isNamespaceItself
      ? kinds.find((entry) => entry.resource === 'namespaces')
      : kinds.find((entry) => entry.resource === resource);
    if (!kind || path.includes('/watch/')) continue;
    if (!isNamespaceItself && subresource !== undefined && !kind.subresources.some((sub) => sub.name === subresource))
      continue;
    kept[path] = shortPathItem(item);
  }
  return kept;
}

/** An operation as kubectl and client generators need it: action, kind, parameters by name and type, the JSON bodies. */
function shortPathItem(item: Json): Json {
  const short: Json = {};
  for (const [method, operation] of Object.entries(item)) {
    short[method] = method === 'parameters' ? shortParameters(operation as Json[]) : shortOperation(operation as Json);
  }
  return short;
}

function shortOperation(operation: Json): Json {
  const short: Json = {};
  for (const name of ['operationId', 'x-kubernetes-action', 'x-kubernetes-group-version-kind']) {
    if (operation[name] !== undefined) short[name] = operation[name];
  }
  if (operation['parameters']) short['parameters'] = shortParameters(operation['parameters'] as Json[]);
  const body = operation['requestBody'] as { content: Json } | undefined;
  if (body) short['requestBody'] = { content: body.content };
  const responses = operation['responses'] as Record<string, { content?: Json }>;
  const ok = responses['200']?.content?.['application/json'] ?? responses['201']?.content?.['application/json'];
  if (ok) short['responses'] = { '200': { content: { 'application/json': ok } } };
  return short;
}

function shortParameters(parameters: Json[]): Json[] {
  return parameters.map((parameter) => withoutProse(parameter, false) as Json);
}
