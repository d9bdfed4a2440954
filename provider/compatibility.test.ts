import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { providerDocument } from './openapi/document.ts';

const ROOT = path.join(import.meta.dirname, '..');
const ROW = /^\| (GET|POST|PUT|DELETE) (\S+) \| (.+?) \| .*? \| (.+) \|$/;

interface Row {
  readonly route: string;
  /** undefined where the route takes nothing. */
  readonly parameter: string | undefined;
  readonly files: readonly string[];
}

const page = readFileSync(path.join(ROOT, 'docs/compatibility.md'), 'utf8');

const rows: Row[] = page.split('\n').flatMap((line) => {
  const [, method, url, parameter = '', files = ''] = ROW.exec(line) ?? [];
  if (method === undefined) return [];
  return [{ route: `${method} ${url}`, parameter: /^`(.+)`$/.exec(parameter)?.[1], files: namesIn(files) }];
});

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

interface Documented {
  readonly parameters?: readonly { readonly name?: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema?: { properties?: object } }>> };
}

const documented = new Map(
  Object.entries(providerDocument().paths).flatMap(([url, operations]) =>
    Object.entries(operations as unknown as Readonly<Record<string, Documented>>).map(([method, operation]) => {
      const bodies = Object.values(operation.requestBody?.content ?? {});
      const fields = bodies.flatMap(({ schema }) => Object.keys(schema?.properties ?? {}));
      const parameters = (operation.parameters ?? []).map(({ name }) => String(name));
      return [`${method.toUpperCase()} ${url}`, [...parameters, ...fields]] as const;
    }),
  ),
);

describe('docs/compatibility.md', () => {
  test('has every parameter of every route once', () => {
    expect(new Set(rows.map(({ route }) => route))).toEqual(new Set(documented.keys()));
    for (const [route, parameters] of documented) {
      const listed = rows.filter((row) => row.route === route).map(({ parameter }) => parameter);
      expect([route, new Set(listed).size]).toEqual([route, listed.length]);
      expect([route, parameters.filter((parameter) => !listed.includes(parameter))]).toEqual([route, []]);
    }
  });

  test('names for each a test that is there and speaks of it', () => {
    const silent = rows.filter(({ parameter, files }) => {
      const word = new RegExp(`\\b${parameter?.split('.').at(-1) ?? ''}\\b`, 'i');
      return files.length === 0 || files.some((file) => !word.test(textOf(file)));
    });
    expect(silent).toEqual([]);
  });

  test('names no file that is not there', () => {
    const names = [...page.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, name = '']) => name);
    expect(names.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
  });
});

function textOf(file: string): string {
  return existsSync(path.join(ROOT, file)) ? readFileSync(path.join(ROOT, file), 'utf8') : '';
}
