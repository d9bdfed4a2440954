import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { QUIRKS } from '../../../provider/quirks.ts';
import { oceanJs } from './ocean-js.ts';
const ROOT = path.join(import.meta.dirname, '../../..');
const page = readFileSync(path.join(ROOT, 'docs/compatibility.md'), 'utf8');
const section = page.slice(page.indexOf('## ocean.js 3.4.6'));
interface Row {
  /** Classes of the library, or `functions` for those that belong to none. */
  readonly owners: readonly string[];
  /** undefined: all of them. */
  readonly names: readonly string[] | undefined;
  readonly last: string;
}
const namesIn = (cell: string): string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
function rowsUnder(head: string): Row[] {
  const table = section.slice(section.indexOf(head)).split('\n\n')[0] ?? '';
  return table
    .split('\n')
    .slice(2)
    .map((line) => {
      const [, owners = '', names = '', last = ''] = line.split('|').map((cell) => cell.trim());
      return { owners: owners.split(', '), names: names === 'all' ? undefined : namesIn(names), last };
    });
}
const called = rowsUnder('| ocean.js | functions');
const notCalled = rowsUnder('| not called');
/** What TypeScript calls private, bases of classes, and what does not speak to anybody. */
const INNER = new Set([
  'getDefaultAbi',
  'getSignerAccordingSdk',
  'noZeroX',
  'zeroXTransformer',
  'inputMatch',
  'getData of ProviderInstance',
  'getErcCreationParams',
  'getFreCreationParams',
  'getFreOrderParams',
]);
const BASES = new Set(['Config', 'Logger', 'LoggerInstance', 'Provider', 'SmartContract', 'SmartContractWithAddress']);
/** `Owner.name` of every public function of the library. */
function publicFunctions(): string[] {
  return Object.entries(oceanJs as unknown as Record<string, unknown>).flatMap(([name, value]) => {
    if (BASES.has(name)) return [];
    const prototype: unknown = typeof value === 'function' ? value.prototype : undefined;
    const own = name === 'ProviderInstance' ? Object.getPrototypeOf(value) : prototype;
    const methods = own ? Object.getOwnPropertyNames(own).filter((method) => method !== 'constructor') : [];
    if (methods.length === 0) return typeof value === 'function' ? [`functions.${name}`] : [];
    return methods
      .filter((method) => !INNER.has(method) && !INNER.has(`${method} of ${name}`))
      .map((method) => `${name}.${method}`);
  });
}

/** Registers the tests; once per file. */
export function describeClientFunctions(): void {
  test('every public function of the library is in the tables, once', () => {
    const all = publicFunctions();
    const listed = [...called, ...notCalled].flatMap(({ owners, names }) =>
      owners.flatMap((owner) =>
        names ? names.map((name) => `${owner}.${name}`) : all.filter((one) => one.startsWith(`${owner}.`)),
      ),
    );
    expect(listed.toSorted()).toEqual(all.toSorted());
  });

  test('the test that is named calls it', () => {
    const textOf = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
    const helpers = ['assets.ts', 'jobs.ts', 'lab.ts'].map((file) => textOf(`harness/integration/ocean-js/${file}`));
    const silent = called.flatMap(({ names = [], last }) => {
      const [, file = ''] = /`([^`]+\.(?:test|suite)\.ts)`/.exec(last) ?? [];
      const [, by] = /, by `(\w+)`/.exec(last) ?? [];
      const text = [textOf(file), ...helpers].join('\n');
      return names.filter((name) => !text.includes(`${by ?? name}(`)).map((name) => `${file}: ${name}`);
    });
    expect(silent).toEqual([]);
  });

  test('docs/clients.md lists every quirk', () => {
    const text = readFileSync(path.join(ROOT, 'docs/clients.md'), 'utf8');
    const table = text.slice(text.indexOf('## Quirks')).split('\n## ')[0] ?? '';
    const listed = [...table.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
    expect(listed).toEqual(Object.keys(QUIRKS));
  });

  test('what is not called says why', () => {
    expect(notCalled.filter(({ last }) => last.length < 20)).toEqual([]);
  });
}
