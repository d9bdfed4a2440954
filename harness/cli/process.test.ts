import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { waitUntil } from '../../core/wait-until.ts';
import type { Endpoints } from '../running-testbed.ts';

// A limit for what hangs: several whole testbeds start and end in one test, on a machine that may be busy.
vi.setConfig({ testTimeout: 90_000 });

const BIN = path.join(import.meta.dirname, 'bin.mjs');
/** Short, since sockets of pods lie in it. */
const folder = mkdtempSync(path.join(tmpdir(), 'cli-'));
const state = path.join(folder, 'state');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly code: Promise<number | null>;
}

/** As a shell starts it: through its first line, in a process group of its own. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(BIN, [...args], {
    env: { ...process.env, TMPDIR: folder, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // One that hangs fails its test, and does not outlive it.
  onTestFinished(() => void (child.exitCode ?? child.signalCode ?? process.kill(-Number(child.pid), 'SIGKILL')));
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
  const code = once(child, 'close').then(([exitCode]) => exitCode as number | null);
  return { child, out: () => out, err: () => err, code };
}

const until = <T>(what: string, observe: () => T | undefined): Promise<T> =>
  waitUntil(what, observe, { clock: systemClock, timeoutMs: 40_000, intervalMs: 20 });
const instances = (): string[] =>
  existsSync(state) ? readdirSync(state).filter((name) => !['cluster', 'pods-app'].includes(name)) : [];
const runtimeFolders = (): string[] => readdirSync(folder).filter((name) => name.startsWith('wt-'));

test('npm finds the scenarios, and any Node hands over to the pinned one', async () => {
  const list = start(['scenario', '--list']);
  expect(await list.code).toBe(0);
  expect(list.out()).toContain('eu-us-lab');
  expect(list.err()).toBe('');
});

describe('up', () => {
  test('runs a command with the endpoints in its environment, and ends with its exit code', async () => {
    const script = 'test -s "$ADDRESS_FILE" && test -s "$KUBECONFIG" && echo "$RPC_URL $PROVIDER_URL"; exit 7';
    const up = start(['up', '--state', state, '--', 'sh', '-c', script]);
    expect(await up.code).toBe(7);
    expect(up.out()).toMatch(/^http:\/\/127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:\d+\n$/);
    expect(instances()).toEqual([]);
    expect(runtimeFolders()).toEqual([]);
  });

  test('says once that it is ready, and Ctrl-C then ends it well', async () => {
    const endpointsFile = path.join(folder, 'endpoints.json');
    const envFile = path.join(folder, '.env');
    const up = start(['up', '--json', '--state', state, '--endpoints', endpointsFile, '--env-file', envFile]);
    const line = await until('the line of JSON', () => (up.out().includes('\n') ? up.out() : undefined));
    const endpoints = JSON.parse(line) as Endpoints;
    expect(endpoints).toMatchObject({ version: 1, chainId: 8996 });
    expect(JSON.parse(readFileSync(endpointsFile, 'utf8'))).toEqual(endpoints);
    expect([endpointsFile, envFile].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(readFileSync(envFile, 'utf8')).toContain(`PROVIDER_URL='${endpoints.providers[0]?.url}'\n`);
    process.kill(-(up.child.pid ?? 0), 'SIGINT');
    expect(await up.code).toBe(0);
    expect([endpointsFile, envFile].filter(existsSync)).toEqual([]);
    expect(instances()).toEqual([]);
  });

  test('interrupted before it was ready it ends with 130 and leaves nothing', async () => {
    const up = start(['up', '--state', state, '--verbose']);
    await until('its first folder', () => instances()[0]);
    process.kill(-(up.child.pid ?? 0), 'SIGINT');
    expect(await up.code).toBe(130);
    expect(instances()).toEqual([]);
    expect(runtimeFolders()).toEqual([]);
  });

  test('killed without a chance to tidy up, it is tidied up by down; a living one is ended by it', async () => {
    const killed = start(['up', '--json', '--state', state]);
    await until('the line of JSON', () => (killed.out().includes('\n') ? true : undefined));
    process.kill(-(killed.child.pid ?? 0), 'SIGKILL');
    await killed.code;
    expect(instances()).toHaveLength(1);
    const [dead = ''] = instances();
    expect(runtimeFolders()).toHaveLength(1);

    const living = start(['up', '--json', '--state', state]);
    await until('the line of JSON', () => (living.out().includes('\n') ? true : undefined));
    // The next start already removed what the killed one left.
    expect(instances()).not.toContain(dead);
    expect(runtimeFolders()).toHaveLength(1);

    const down = start(['down', '--json', '--state', state]);
    expect(await down.code).toBe(0);
    expect(await living.code).toBe(0);
    expect(JSON.parse(down.out())).toMatchObject({ stopped: [expect.any(String)], removed: [] });
    expect(instances()).toEqual([]);
    expect(runtimeFolders()).toEqual([]);
  });
});

describe('a scenario of one’s own', () => {
  const harness = JSON.stringify(path.join(import.meta.dirname, '..', 'index.ts'));
  const scenario = (name: string, step: string): string => {
    const file = path.join(folder, `${name}.ts`);
    writeFileSync(
      file,
      `import { defineScenario } from ${harness};
       export default defineScenario({ name: '${name}', title: 'T', summary: 'S', timeoutSeconds: 20, async run({ step, testbed, signal }) {
         await step('one', async (check) => { ${step} });
       } });`,
    );
    return file;
  };

  test('reports, and its exit code tells how it went: the one in docs/scenarios.md, as it is printed', async () => {
    const page = readFileSync(path.join(import.meta.dirname, '../../docs/scenarios.md'), 'utf8');
    const [, code = ''] = /```ts\n(import[\s\S]*?)```/.exec(page) ?? [];
    const file = path.join(folder, 'my-bug.ts');
    writeFileSync(file, code.replace("'./harness/index.ts'", harness));
    const run = start(['scenario', file, '--json', '--state', state, '--report', path.join(folder, 'report')]);
    expect(await run.code.then((exitCode) => `${exitCode}\n${run.err()}`)).toMatch(/^0\n/);
    expect(JSON.parse(run.out())).toMatchObject({
      version: 1,
      scenario: 'my-bug',
      outcome: 'passed',
      exitCode: 0,
      steps: [{ name: 'A changed algorithm is refused', outcome: 'passed' }],
    });
    expect(readdirSync(path.join(folder, 'report')).toSorted()).toEqual(
      expect.arrayContaining(['junit.xml', 'report.json', 'trace.ndjson']),
    );
    expect(run.err()).toContain('PASSED');
  });

  test('a failed check ends with 1, with evidence, an annotation where GitHub asks for it, and the line that runs it again; no key is in the evidence', async () => {
    // What it leaves running does not keep the process.
    const file = scenario(
      'fails',
      "globalThis.setInterval(() => {}, 60_000); check.equal('the chain', testbed.endpoints.chainId, 1);",
    );
    const report = path.join(folder, 'failed');
    const summary = path.join(folder, 'summary.md');
    const run = start(['scenario', file, '--state', state, '--report', report, '--seed', '5'], {
      GITHUB_ACTIONS: 'true',
      GITHUB_STEP_SUMMARY: summary,
    });
    expect(await run.code).toBe(1);
    expect(run.out()).toContain(`npm run scenario -- ${file} --seed 5`);
    expect(run.out()).toMatch(/^::error /m);
    expect(readFileSync(summary, 'utf8')).toContain('| failed | one |');
    const evidence = path.join(report, 'evidence');
    const texts = readdirSync(evidence).map((name) => readFileSync(path.join(evidence, name), 'utf8'));
    expect(texts.length).toBeGreaterThan(3);
    const { config } = JSON.parse(readFileSync(path.join(evidence, 'testbed.json'), 'utf8')) as { config: object };
    expect(config).toMatchObject({ stateRoot: state, backend: 'embedded' });
    // The test accounts' keys, and every private key in PEM.
    expect(texts.filter((text) => /c594c6e5|ef4b4411|5d758373|fd5c1cce|BEGIN [A-Z ]*PRIVATE KEY/i.test(text))).toEqual(
      [],
    );
  });

  test.each([
    ['process.exit(0)', 'ENDED_EARLY'],
    [
      "setImmediate(() => { throw new Error('late') }); await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))",
      'UNCAUGHT',
    ],
  ])('%s where nobody sees it ends with 4, %s', async (mistake, code) => {
    const file = path.join(folder, `${code}.ts`);
    writeFileSync(
      file,
      `${mistake}; export default { name: 'm', title: 'T', summary: 'S', run: async () => undefined };`,
    );
    const run = start(['scenario', file, '--state', state, '--json']);
    expect(await run.code).toBe(4);
    expect(run.err()).toContain(`[${code}]`);
    expect(JSON.parse(run.out())).toMatchObject({ outcome: 'failed', error: { code }, exitCode: 4 });
  });

  test('Ctrl-C in its middle ends with 130, says so everywhere, and leaves nothing', async () => {
    const waiting = "check.that('so far', true); await testbed.stop(); check.that('stopped under its feet', false);";
    const file = scenario(
      'waits',
      `await new Promise((resolve) => signal.addEventListener('abort', resolve)); ${waiting}`,
    );
    const report = path.join(folder, 'interrupted');
    const run = start(['scenario', file, '--state', state, '--json', '--report', report]);
    await until('the testbed to be ready', () => (run.err().includes('testbed ready') ? true : undefined));
    process.kill(-(run.child.pid ?? 0), 'SIGINT');
    expect(await run.code).toBe(130);
    expect(run.err()).toMatch(/INTERRUPTED {2}0 passed, 0 failed/);
    const written = JSON.parse(readFileSync(path.join(report, 'report.json'), 'utf8')) as unknown;
    expect(JSON.parse(run.out())).toEqual(written);
    expect(written).toMatchObject({
      outcome: 'interrupted',
      exitCode: 130,
      steps: [{ outcome: 'skipped', reason: 'interrupted' }],
    });
    expect(instances().filter((name) => name !== 'reports')).toEqual([]);
    expect(runtimeFolders()).toEqual([]);
  });
});
