import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { expect, test } from 'vitest';
import { LONGEST } from './scripts/longest-tests.ts';

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
const isTest = (file: string): boolean =>
  /\.(test|contract|testing)\.ts$/.test(file) || /\/(testing|integration)\//.test(file);

const BUILTIN = new Set([
  ...builtinModules,
  ...builtinModules.map((name) => `node:${name}`),
  'node:sqlite',
  'node:test',
]);

/** The packages that tests may use everywhere; the last two are other implementations to compare ours with. */
const TEST_PACKAGES = new Set(['vitest', 'fast-check', 'eciesjs', '@noble/curves']);

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

test('the tests that begin first are there', () => {
  expect(LONGEST.filter((file) => !files.includes(file))).toEqual([]);
});

test('no file is longer than 400 lines', () => {
  const long = sources
    .filter((file) => !file.includes('/generated/'))
    .map((file) => ({ file, lines: textOf(file).split('\n').length }))
    .filter(({ lines }) => lines > 400);
  expect(long).toEqual([]);
});

/** Programs that run inside pods have no seams: they are plain scripts for a bare Node. */
const IN_PODS =
  /^(engine\/pods\/|fixtures\/algorithms\/|harness\/cluster\/(embedded\/(network\/pod-forwarder|probe-script)|probe\/pod-probe)\.mjs)/;

interface Ban {
  readonly what: RegExp;
  readonly homes: RegExp;
  readonly why: string;
  /** Tests write such programs down as text, or need an id that nobody compares. */
  readonly inTests?: true;
}

/** What has one home each; everybody else is given a seam. */
const BANNED: readonly Ban[] = [
  { what: /\bDate\.now\(|new Date\(\)/, homes: /^(core\/clock\.ts|scripts\/)/, why: 'use Clock' },
  { what: /(?<![.\w])set(Timeout|Interval)\(/, homes: /^(core\/clock\.ts|scripts\/)/, why: 'use Clock' },
  { what: /\bMath\.random\(|\brandomUUID\(/, homes: /^core\/entropy\.ts/, why: 'use Entropy', inTests: true },
  { what: /\bconsole\.\w+\(/, homes: /^$/, why: 'log through Logger, print through the CLI streams', inTests: true },
  { what: /\bprocess\.exit\(/, homes: /^harness\/cli\//, why: 'set process.exitCode', inTests: true },
  { what: /\b(TODO|FIXME|XXX)\b/, homes: /^$/, why: 'do it or write an issue' },
  {
    what: /\b(it|test|describe)\.(only|skip)\(/,
    homes: /^$/,
    why: 'a skip needs a reason that the run prints: ctx.skip(reason)',
  },
];

test('what has one home is used nowhere else', () => {
  const found = sources
    .filter((file) => file !== 'tidy.test.ts')
    .flatMap((file) => {
      const rules = BANNED.filter(
        (rule) => !rule.homes.test(file) && !IN_PODS.test(file) && !(rule.inTests && isTest(file)),
      );
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
  const found = files
    .filter((file) => !/\.(png|xz|wasm)$/.test(file) && !file.startsWith('fixtures/algorithms/'))
    .filter((file) => suspicious.test(textOf(file)));
  expect(found).toEqual([]);
});

test('E15: every package is pinned to the one version that the lockfile has', () => {
  const { dependencies, devDependencies } = JSON.parse(textOf('package.json')) as Record<
    string,
    Record<string, string>
  >;
  const { packages } = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, { version?: string }> };
  const wanted = Object.entries({ ...dependencies, ...devDependencies });
  const loose = wanted.filter(([name, version]) => packages[`node_modules/${name}`]?.version !== version);
  expect(wanted.length).toBeGreaterThan(10);
  expect(loose).toEqual([]);
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
