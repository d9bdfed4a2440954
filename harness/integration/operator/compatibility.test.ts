import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { operatorServiceDocument } from '../../../engine/operator-service/openapi.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const ROW = /^\| `(GET|POST|PUT|DELETE) (\S+)` \| (?:`(\S+)`|—) \| [^|]* \| `(\S+\.test\.ts)` \|$/;

const rows = readFileSync(path.join(ROOT, 'docs/compatibility.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, method, url, parameter, file = ''] = ROW.exec(line) ?? [];
    return method === undefined ? [] : [{ name: `${method} ${url} ${parameter ?? ''}`, url, parameter, file }];
  });

interface Documented {
  readonly parameters?: readonly { readonly in?: unknown; readonly name?: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema?: { properties?: object } }>> };
}

/** Headers that prove who asks stand above the table. */
const documented = Object.entries(operatorServiceDocument().paths).flatMap(([url, operations]) =>
  Object.entries(operations as unknown as Readonly<Record<string, Documented>>).flatMap(([method, operation]) => {
    const bodies = Object.values(operation.requestBody?.content ?? {});
    const parameters = (operation.parameters ?? [])
      .map(({ name }) => String(name))
      .filter((name) => !name.startsWith('x-'));
    const names = [...parameters, ...bodies.flatMap(({ schema }) => Object.keys(schema?.properties ?? {}))];
    return (names.length === 0 ? [''] : names).map((name) => `${method.toUpperCase()} ${url} ${name}`);
  }),
);

test('docs/compatibility.md has every route of the Operator Service, each parameter once', () => {
  expect(rows.map(({ name }) => name).toSorted()).toEqual(documented.toSorted());
});

test('and names for each a test that asks for it', () => {
  const silent = rows.filter(({ url, parameter, file }) => {
    const text = existsSync(path.join(ROOT, file)) ? readFileSync(path.join(ROOT, file), 'utf8') : '';
    const word = parameter ?? url?.split('/').at(-1) ?? '';
    return text === '' || !new RegExp(`\\b${word}\\b`, 'i').test(text);
  });
  expect(silent).toEqual([]);
});
