/** `npm run guards`: breaks each guard in a copy of the checkout and looks who notices. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { flagInvalid, runCommand } from './command-line.ts';
import type { Guard } from './guards/list.ts';
import { GUARDS } from './guards/list.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const DOCUMENT = path.join(ROOT, 'docs', 'guards.md');
const USAGE = `npm run guards -- [--only NAME] [--write]
Breaks one guard after the other in a copy of the checkout, and runs the scenario and the tests that should notice.
A guard whose loss nobody notices ends it with exit code 1.

  npm run guards -- --only "trust list"

  --only NAME  this guard alone
  --write      renews the table in docs/guards.md; takes all of them
Guards:
${GUARDS.map(({ name }) => `  ${name}\n`).join('')}`;

interface Verdict {
  readonly guard: Guard;
  /** Failed checks of the scenario, `step: check`. */
  readonly checks: readonly string[];
  /** Failed tests, `file > test`. */
  readonly tests: readonly string[];
}

const copy = mkdtempSync(path.join(tmpdir(), 'wavetank-guards-'));

async function guards(only: string | undefined, isWritten: boolean): Promise<boolean> {
  const chosen = GUARDS.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0) throw flagInvalid(`There is no guard ${only}.`);
  if (isWritten && only !== undefined) throw flagInvalid('--write takes all guards, not one.');
  copyCheckout();
  const verdicts: Verdict[] = [];
  for (const guard of chosen) {
    const verdict = await breakAndLook(guard);
    verdicts.push(verdict);
    print(verdict);
  }
  if (isWritten) writeTable(verdicts);
  return verdicts.every(({ checks, tests }) => checks.length + tests.length > 0);
}

/** What git knows of, and the same packages. */
function copyCheckout(): void {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const files = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).split('\0');
  for (const file of files.filter((name) => name !== '')) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    cpSync(path.join(ROOT, file), path.join(copy, file), { force: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
}

async function breakAndLook(guard: Guard): Promise<Verdict> {
  const originals = new Map<string, string>();
  for (const { file, find, replace } of guard.edits) {
    const target = path.join(copy, file);
    const text = readFileSync(target, 'utf8');
    if (!originals.has(target)) originals.set(target, text);
    if (text.split(find).length !== 2) throw new Error(`${guard.name}: ${file} has not exactly one: ${find}`);
    writeFileSync(
      target,
      text.replace(find, () => replace),
    );
  }
  try {
    return { guard, checks: await failedChecks(), tests: await failedTests(guard.tests) };
  } finally {
    for (const [target, text] of originals) writeFileSync(target, text);
  }
}

async function failedChecks(): Promise<string[]> {
  const { stdout } = await run(['harness/cli/main.ts', 'scenario', 'eu-us-lab', '--json']);
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) return ['the scenario does not run at all'];
  const report = JSON.parse(line) as { steps: { name: string; checks: { name: string; outcome: string }[] }[] };
  return report.steps.flatMap(({ checks }, index) =>
    checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => `${index + 1}: ${name}`),
  );
}

async function failedTests(patterns: readonly string[]): Promise<string[]> {
  if (patterns.length === 0) return [];
  const output = path.join(copy, 'vitest.json');
  rmSync(output, { force: true });
  await run(['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', `--outputFile=${output}`, ...patterns]);
  if (!existsSync(output)) return [`${patterns.join(' ')} does not run at all`];
  const report = JSON.parse(readFileSync(output, 'utf8')) as {
    testResults: { name: string; assertionResults: { status: string; title: string }[] }[];
  };
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ title }) => `${path.relative(copy, name)}: ${title}`),
  );
}

function run(args: readonly string[]): Promise<{ stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'pipe', 'ignore'], timeout: 180_000 });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.once('error', reject);
    child.once('close', () => resolve({ stdout }));
  });
}

function print({ guard, checks, tests }: Verdict): void {
  const found = [...checks.map((check) => `scenario, step ${check}`), ...tests];
  process.stdout.write(`${found.length > 0 ? 'noticed' : 'NOT NOTICED'}  ${guard.name}\n`);
  for (const one of found) process.stdout.write(`    ${one}\n`);
}

/** Between the two marks of the document. */
function writeTable(verdicts: readonly Verdict[]): void {
  const rows = verdicts.map(({ guard, checks, tests }) => {
    const files = [...new Set(guard.edits.map(({ file }) => `\`${file}\``))].join('<br>');
    const noticed = [...shortened(checks, 'step '), ...shortened(tests, '')].join('<br>').replaceAll('|', '\\|');
    return `| ${guard.name} | ${guard.lost} | ${files} | ${noticed} |`;
  });
  const table = ['| guard | broken by | where | noticed by |', '|---|---|---|---|', ...rows].join('\n');
  const [head = '', rest = ''] = readFileSync(DOCUMENT, 'utf8').split('<!-- table -->\n');
  const tail = rest.split('<!-- end of table -->')[1] ?? '';
  writeFileSync(DOCUMENT, `${head}<!-- table -->\n\n${table}\n\n<!-- end of table -->${tail}`);
}

function shortened(names: readonly string[], prefix: string): string[] {
  const most = 4;
  const shown = names.slice(0, most).map((name) => prefix + name);
  return names.length > most ? [...shown, `and ${names.length - most} more`] : shown;
}

try {
  await runCommand({
    name: 'npm run guards',
    usage: USAGE,
    options: { only: { type: 'string' }, write: { type: 'boolean', default: false } },
    run: ({ only, write }) => guards(only, write),
  });
} finally {
  rmSync(copy, { recursive: true, force: true });
}
