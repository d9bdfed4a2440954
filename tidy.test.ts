import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { expect, test } from 'vitest';

interface Boundary {
  readonly imports: readonly string[];
  readonly external: readonly string[];
}

const ROOT = import.meta.dirname;
const boundaries = (
  JSON.parse(readFileSync(path.join(ROOT, 'boundaries.json'), 'utf8')) as { folders: Record<string, Boundary> }
).folders;
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file.length > 0 && existsSync(path.join(ROOT, file)));
const sources = files.filter((file) => /\.(ts|mjs)$/.test(file));
const textOf = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const isTest = (file: string): boolean => /\.(test|contract)\.ts$/.test(file) || file.includes('/testing/');

const BUILTIN = new Set([
  ...builtinModules,
  ...builtinModules.map((name) => `node:${name}`),
  'node:sqlite',
  'node:test',
]);

/** The packages that tests may use everywhere. */
const TEST_PACKAGES = new Set(['vitest', 'fast-check']);

test('every import follows an arrow of boundaries.json', () => {
  const violations = sources.flatMap((file) => {
    const boundary = boundaryOf(file);
    if (!boundary) return [];
    return importsOf(file).flatMap((target) => violation(file, boundary, target));
  });
  expect(violations).toEqual([]);
});

test('every source folder has a boundary', () => {
  const open = sources.filter((file) => file.includes('/') && !boundaryOf(file)).map((file) => path.dirname(file));
  expect([...new Set(open)]).toEqual([]);
});

test('no file is longer than 400 lines', () => {
  const long = sources
    .filter((file) => !file.includes('/generated/'))
    .map((file) => ({ file, lines: textOf(file).split('\n').length }))
    .filter(({ lines }) => lines > 400);
  expect(long).toEqual([]);
});

/** What has one home each; everybody else is given a seam. */
const BANNED: readonly { what: RegExp; homes: RegExp; why: string }[] = [
  {
    what: /\bDate\.now\(|new Date\(\)/,
    homes: /^(core\/clock\.ts|scripts\/|engine\/pods\/|fixtures\/algorithms\/)/,
    why: 'use Clock',
  },
  {
    what: /\bset(Timeout|Interval)\(/,
    homes: /^(core\/clock\.ts|scripts\/|engine\/pods\/|fixtures\/algorithms\/)/,
    why: 'use Clock',
  },
  { what: /\bMath\.random\(|\brandomUUID\(/, homes: /^(core\/entropy\.ts|fixtures\/algorithms\/)/, why: 'use Entropy' },
  {
    what: /\bconsole\.\w+\(/,
    homes: /^(fixtures\/algorithms\/)/,
    why: 'log through Logger, print through the CLI streams',
  },
  {
    what: /\bprocess\.exit\(/,
    homes: /^(harness\/cli\/|engine\/pods\/|fixtures\/algorithms\/)/,
    why: 'set process.exitCode',
  },
  { what: /\b(TODO|FIXME|XXX)\b/, homes: /^tidy\.test\.ts$/, why: 'do it or write an issue' },
  {
    what: /\.(only|skip)\(\s*['"`]/,
    homes: /^tidy\.test\.ts$/,
    why: 'a skip needs a reason that the run prints: ctx.skip(reason)',
  },
];

test('what has one home is used nowhere else', () => {
  const found = sources
    .filter((file) => file !== 'tidy.test.ts')
    .flatMap((file) => {
      const rules = BANNED.filter((rule) => !rule.homes.test(file) && !(isTest(file) && rule.why === 'use Entropy'));
      return textOf(file)
        .split('\n')
        .flatMap((line, i) =>
          rules.filter((rule) => rule.what.test(withoutComment(line))).map((rule) => `${file}:${i + 1} ${rule.why}`),
        );
    });
  expect(found).toEqual([]);
});

test('the environment is read in one file per process', () => {
  const homes =
    /^(harness\/cli\/|scripts\/|engine\/pods\/|fixtures\/algorithms\/|vitest\.config|provider\/env\.ts|engine\/[a-z-]+\/env\.ts)/;
  const found = sources.filter((file) => !homes.test(file) && !isTest(file) && /\bprocess\.env\b/.test(textOf(file)));
  expect(found.filter((file) => file !== 'tidy.test.ts')).toEqual([]);
});

test('no machine path or package-registry host is named', () => {
  const suspicious = new RegExp(
    ['/work' + '/main', '/ro' + 'ot/', 'registry\\.npm' + 'js', 'files\\.pythonhosted', 'artifact' + 'ory'].join('|'),
  );
  const found = files.filter((file) => !/\.(png|xz|wasm)$/.test(file)).filter((file) => suspicious.test(textOf(file)));
  expect(found).toEqual([]);
});

function boundaryOf(file: string): Boundary | undefined {
  const folder = Object.keys(boundaries)
    .filter((name) => file.startsWith(`${name}/`))
    .toSorted((a, b) => b.length - a.length)[0];
  return folder === undefined ? undefined : boundaries[folder];
}

function importsOf(file: string): string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
  return [...textOf(file).matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function violation(file: string, boundary: Boundary, target: string): string[] {
  if (!target.startsWith('.')) return externalViolation(file, boundary, target);
  const resolved = path
    .relative(ROOT, path.resolve(ROOT, path.dirname(file), target))
    .split(path.sep)
    .join('/');
  const isAllowed = boundary.imports.some((allowed) => resolved === allowed || resolved.startsWith(`${allowed}/`));
  return isAllowed ? [] : [`${file} -> ${resolved}`];
}

function externalViolation(file: string, boundary: Boundary, target: string): string[] {
  if (BUILTIN.has(target) || target.startsWith('node:')) return [];
  const name = target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
  if (isTest(file) && TEST_PACKAGES.has(name)) return [];
  return boundary.external.includes('*') || boundary.external.includes(name) ? [] : [`${file} -> ${name}`];
}

function withoutComment(line: string): string {
  return /^\s*(\/\/|\*|\/\*)/.test(line) ? '' : line;
}
