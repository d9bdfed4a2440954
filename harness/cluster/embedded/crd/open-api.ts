import { objectAt } from '../json.ts';
import type { ServedResource } from '../resource-table.ts';

/** An OpenAPI v3 document for custom resources: enough for kubectl to validate, explain and apply them. */
export function customOpenApi(group: string, version: string, resources: readonly ServedResource[]): unknown {
  const paths: Record<string, unknown> = {};
  const schemas: Record<string, unknown> = {};
  for (const served of resources) {
    const name = [...group.split('.').toReversed(), version, served.kind].join('.');
    const gvk = { group, version, kind: served.kind };
    schemas[name] = schemaOf(served, gvk);
    const scope = served.namespaced ? '/namespaces/{namespace}' : '';
    const base = `/apis/${group}/${version}${scope}/${served.resource}`;
    paths[base] = { post: operation('post', gvk, name), get: operation('list', gvk, name) };
    paths[`${base}/{name}`] = {
      get: operation('get', gvk, name),
      put: operation('put', gvk, name),
      patch: operation('patch', gvk, name),
      delete: operation('delete', gvk, name),
    };
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' },
    paths,
    components: { schemas },
  };
}

function schemaOf(served: ServedResource, gvk: unknown): unknown {
  const schema = served.custom?.schema ?? {};
  const properties = {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    ...objectAt(schema, 'properties'),
  };
  return { ...schema, type: 'object', properties, 'x-kubernetes-group-version-kind': [gvk] };
}

function operation(action: string, gvk: unknown, name: string): unknown {
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((parameter) => ({
    name: parameter,
    in: 'query',
    schema: { type: 'string', uniqueItems: true },
  }));
  const isWrite = action === 'post' || action === 'put' || action === 'patch';
  return {
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    ...(isWrite ? { parameters } : {}),
    responses: {
      200: { description: 'OK', content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } } },
    },
  };
}
