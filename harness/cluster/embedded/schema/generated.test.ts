import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { builtInSchemas } from './built-in-schemas.ts';
import { openDefinitions } from './definitions.ts';
import { openGeneratedFiles } from './generated-files.ts';

const FOLDER = path.join(import.meta.dirname, 'generated');
const FILES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
const list = JSON.parse(readFileSync(path.join(import.meta.dirname, 'kinds.json'), 'utf8')) as {
  resources: { groupVersion: string; resource: string; subresources?: string[] }[];
};

/** Values of every key of that name, wherever it is, unless it names a property of a schema. */
function valuesOf(name: string, value: unknown, isNames = false): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [
    ...(!isNames && key === name ? [child as unknown] : []),
    ...valuesOf(name, child, !isNames && key === 'properties'),
  ]);
}

describe('the generated files', () => {
  it('hold exactly the listed resources and subresources', () => {
    const generated = builtInSchemas.kinds.map(({ group, version, resource, subresources }) => ({
      groupVersion: group === '' ? version : `${group}/${version}`,
      resource,
      subresources: subresources.map(({ name }) => name),
    }));
    expect(generated).toEqual(list.resources.map((entry) => ({ subresources: [], ...entry })));
  });

  it('describe every kind and every part of it', () => {
    const files = openGeneratedFiles();
    const definitions = openDefinitions(files);
    const names = Object.keys(files.definitions());
    const references = names.flatMap((name) =>
      [...definitions.get(name).fields.values()].flatMap(({ type }) => [type.definition, type.element?.definition]),
    );
    expect(builtInSchemas.kinds.filter((kind) => !definitions.ofKind(kind))).toEqual([]);
    expect(references.filter((name) => name !== undefined && !names.includes(name))).toEqual([]);
  });

  it.each(FILES.filter((file) => !file.startsWith('vectors')))('%s holds no prose', (file) => {
    const descriptions = valuesOf('description', JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')));
    expect(descriptions.filter((text) => text !== '')).toEqual([]);
  });

  it('stay small enough to be read at start', () => {
    const bytes = (file: string): number => statSync(path.join(FOLDER, file)).size;
    expect(bytes('kinds.json')).toBeLessThan(16 * 1024);
    expect(bytes('definitions.json')).toBeLessThan(256 * 1024);
  });

  it('give every listed resource the columns of kubectl get', () => {
    const listed = builtInSchemas.kinds.filter(({ verbs }) => verbs.includes('list'));
    expect(listed.filter((kind) => builtInSchemas.columns(kind) === undefined)).toEqual([]);
    expect(builtInSchemas.columns({ group: '', resource: 'pods' })?.map(({ name }) => name)).toEqual([
      'Name',
      'Ready',
      'Status',
      'Restarts',
      'Age',
      'IP',
      'Node',
      'Nominated Node',
      'Readiness Gates',
    ]);
    expect(builtInSchemas.columns({ group: 'authentication.k8s.io', resource: 'tokenreviews' })).toBeUndefined();
  });
});

describe('the OpenAPI documents', () => {
  const document = JSON.parse(builtInSchemas.openApiV3('api/v1') ?? '') as {
    openapi: string;
    paths: Record<
      string,
      Record<string, { parameters?: { name: string }[]; 'x-kubernetes-group-version-kind'?: unknown }>
    >;
    components: { schemas: Record<string, unknown> };
  };

  it('refer to nothing that they do not hold', () => {
    const references = valuesOf('$ref', document).map((reference) =>
      String(reference).replace('#/components/schemas/', ''),
    );
    expect(references.filter((name) => document.components.schemas[name] === undefined)).toEqual([]);
    expect(references.length).toBeGreaterThan(100);
  });

  it('say that the server validates fields, which kubectl asks before it creates or patches', () => {
    const patch = document.paths['/api/v1/namespaces/{namespace}/pods/{name}']?.['patch'];
    expect(patch?.['x-kubernetes-group-version-kind']).toEqual({ group: '', kind: 'Pod', version: 'v1' });
    expect(patch?.parameters?.map(({ name }) => name)).toContain('fieldValidation');
  });

  it('list the paths of namespaces themselves, and no other resource', () => {
    expect(Object.keys(document.paths)).toContain('/api/v1/namespaces/{name}/status');
    expect(Object.keys(document.paths).filter((entry) => /services|endpoints|\/watch\//.test(entry))).toEqual([]);
  });

  it('exist for every served group version and no other', () => {
    const served = new Set(
      builtInSchemas.kinds.map(({ group, version }) => (group === '' ? `api/${version}` : `apis/${group}/${version}`)),
    );
    expect([...served].filter((entry) => builtInSchemas.openApiV3(entry) === undefined)).toEqual([]);
    expect(builtInSchemas.openApiV3('apis/apps/v1')).toBeUndefined();
  });
});
