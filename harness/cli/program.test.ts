import { Writable } from 'node:stream';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runProgram } from './program.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'program-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function collect(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), done()) });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}

async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> {
  const stdout = collect();
  const stderr = collect();
  const interrupted = new AbortController().signal;
  const code = await runProgram(args, { stdout: stdout.stream, stderr: stderr.stream, env, interrupted });
  return { code, out: stdout.text(), err: stderr.text() };
}

test.each([
  [[], 'scenario'],
  [['scenario'], '--held-out'],
  [['up'], '--env-file'],
  [['doctor'], '--json'],
  [['down'], '--state'],
])('%j --help explains itself with an example', async (command, flag) => {
  const { code, out } = await run([...command, '--help']);
  expect(code).toBe(0);
  expect(out).toContain(flag);
  expect(out.includes('Examples:')).toBe(command.length > 0);
});

test('--version prints the package’s own, alone', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(await run(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

describe('wrong usage ends with 2 and says what is wrong', () => {
  test.each([
    ['an unknown command', ['scenery'], 'scenario'],
    ['an unknown flag', ['scenario', 'eu-us-lab', '--sed', '3'], '--seed'],
    ['an unknown scenario', ['scenario', 'eu-us-lap'], 'Did you mean eu-us-lab?'],
    ['no scenario', ['scenario'], 'eu-us-lab'],
    ['a seed that is no number', ['scenario', 'eu-us-lab', '--seed', 'x'], 'seed'],
    ['a seed below zero', ['scenario', 'eu-us-lab', '--seed=-1'], 'seed'],
    ['a time-out of nothing', ['scenario', 'eu-us-lab', '--timeout', '0'], 'timeout'],
    ['an unknown capability', ['scenario', 'eu-us-lab', '--require', 'network,telepathy'], 'telepathy'],
    ['recordings alone', ['scenario', 'eu-us-lab', '--recordings', 'a.ts'], '--held-out'],
    ['held-out trials alone', ['scenario', 'eu-us-lab', '--held-out', 'a.ts'], '--recordings'],
    [
      'recordings that are not there',
      ['scenario', 'eu-us-lab', '--recordings', 'no.ts', '--held-out', 'no.ts'],
      'no.ts',
    ],
    ['an unknown backend', ['scenario', 'eu-us-lab', '--backend', 'docker'], 'embedded'],
    ['a stand-in without =', ['scenario', 'eu-us-lab', '--image', 'node'], 'NAME'],
    ['a mirror without =', ['scenario', 'eu-us-lab', '--mirror', 'https://example.com'], 'URL=DIR'],
    ['an unknown quirk', ['up', '--quirk', 'all-of-them'], 'ended-is-70'],
    ['a gateway that is no address', ['up', '--ipfs-gateway', 'ipfs.example'], 'gateways.ipfs'],
    ['too many Providers', ['up', '--providers', '99'], 'providers'],
    ['two scenarios', ['scenario', 'eu-us-lab', 'other'], 'other'],
    ['doctor told of a cluster without its backend', ['doctor', '--kubeconfig', 'lab'], '--backend existing'],
    ['doctor told of an image without its backend', ['doctor', '--kind-image', 'n'], '--backend kind'],
  ])('%s', async (_what, args, text) => {
    const { code, err } = await run(args);
    expect(err).toContain(text);
    expect(code).toBe(2);
  });
});

describe('--json has a line for every end', () => {
  const lineOf = (out: string): unknown => {
    expect(out.match(/\n/g)).toHaveLength(1);
    return JSON.parse(out);
  };

  test.each([
    ['an unknown flag', ['scenario', 'eu-us-lab', '--json', '--sed', '3'], 'USAGE', '--sed'],
    ['an unknown scenario', ['scenario', 'eu-us-lap', '--json'], 'SCENARIO_UNKNOWN', 'eu-us-lap'],
    ['a surplus word of down', ['down', 'now', '--json'], 'USAGE', 'down'],
  ])('wrong usage: %s', async (_what, args, code, text) => {
    const { code: exitCode, out } = await run(args);
    expect(lineOf(out)).toMatchObject({
      version: 1,
      outcome: 'failed',
      exitCode: 2,
      error: { code, message: expect.stringContaining(text), hint: expect.any(String) },
    });
    expect(exitCode).toBe(2);
  });

  test('a machine that lacks what was asked for: the report, with what it is and what helps', async () => {
    const lacking = ['--launcher', 'none', '--require', 'network'];
    const { code, out } = await run(['scenario', 'eu-us-lab', '--json', ...lacking, '--state', path.join(folder, 's')]);
    expect(lineOf(out)).toMatchObject({
      scenario: 'eu-us-lab',
      outcome: 'failed',
      exitCode: 3,
      error: { code: 'CAPABILITY_MISSING', message: expect.stringContaining('network'), hint: expect.any(String) },
      steps: [],
    });
    expect(code).toBe(3);
  });

  test('a testbed that does not start: likewise', async () => {
    const state = path.join(folder, 'broken');
    await mkdir(state);
    await writeFile(path.join(state, 'cluster'), 'a file where a folder must be');
    const { code, out } = await run(['scenario', 'eu-us-lab', '--json', '--state', state]);
    expect(lineOf(out)).toMatchObject({ outcome: 'failed', exitCode: 4, error: { code: 'START_FAILED' }, steps: [] });
    expect(code).toBe(4);
  });

  test('what a scenario prints is not for scripts', async () => {
    const file = path.join(folder, 'prints.ts');
    await writeFile(file, "console.log('hello'); export default 'no scenario';");
    const { out, err } = await run(['scenario', file, '--json']);
    expect(lineOf(out)).toMatchObject({ outcome: 'failed', exitCode: 2 });
    expect(err).toContain('hello');
  });

  test('without it stdout stays free', async () => {
    expect((await run(['scenario', 'eu-us-lap'])).out).toBe('');
    expect((await run(['up', '--sed', '--', 'x', '--json'])).out).toBe('');
  });
});

describe('flags that npm kept', () => {
  test.each([
    [['eu-us-lab', '3'], { npm_config_seed: 'true' }, 'npm run scenario eu-us-lab -- --seed 3'],
    [['eu-us-lab'], { npm_config_seed: '3' }, 'npm run scenario eu-us-lab -- --seed 3'],
    [['eu-us-lab', 'kind'], { npm_config_backend: 'true' }, 'npm run scenario eu-us-lab -- --backend kind'],
    [['eu-us-lab'], { npm_config_keep: 'true' }, 'npm run scenario eu-us-lab -- --keep'],
    [['eu-us-lab', '3', '--json'], { npm_config_seed: 'true' }, 'npm run scenario eu-us-lab -- --json --seed 3'],
    [['eu-us-lab'], { npm_config_pull: 'true' }, 'npm run scenario eu-us-lab -- --pull'],
    [['eu-us-lab'], { npm_config_kind_image: 'own' }, 'npm run scenario eu-us-lab -- --kind-image own'],
    [['eu-us-lab', 'none'], { npm_config_launcher: 'true' }, 'npm run scenario eu-us-lab -- --launcher none'],
    [
      ['eu-us-lab', 'kind', 'minio'],
      { npm_config_backend: 'true', npm_config_storage: 'true' },
      'npm run scenario eu-us-lab -- --backend … --storage …',
    ],
  ])('%j with %j prints the line that was meant and ends with 2', async (words, kept, line) => {
    const { code, err } = await run(['scenario', ...words], { npm_lifecycle_event: 'scenario', ...kept });
    expect(err).toContain(line);
    expect(code).toBe(2);
  });

  test('the same environment means nothing to a command that npm did not run', async () => {
    const { err } = await run(['scenario', 'nope'], { npm_config_seed: '3' });
    expect(err).toContain('SCENARIO_UNKNOWN');
  });
});

test('--list names the scenarios, as text and as JSON', async () => {
  const text = await run(['scenario', '--list']);
  expect(text).toMatchObject({ code: 0, err: '' });
  expect(text.out).toMatch(/^eu-us-lab {2}\S/m);
  const json = await run(['scenario', '--list', '--json']);
  expect(JSON.parse(json.out)).toContainEqual({ name: 'eu-us-lab', summary: expect.any(String) });
});

test('in a folder that is gone nothing is begun', async () => {
  const cwd = vi.spyOn(process, 'cwd').mockImplementation(() => {
    throw new Error('ENOENT: uv_cwd');
  });
  try {
    expect(await run(['doctor'])).toMatchObject({ code: 2, err: expect.stringContaining('[FOLDER_GONE]') });
  } finally {
    cwd.mockRestore();
  }
});

test('down where nothing is left says so', async () => {
  expect(await run(['down', '--state', path.join(folder, 'empty')])).toMatchObject({
    code: 0,
    out: 'Nothing was left.\n',
  });
});

test('down says when what is left is another user’s', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root can leave something to another user');
  const state = path.join(folder, 'of-root');
  await mkdir(path.join(state, 'cluster'), { recursive: true });
  await writeFile(path.join(state, 'cluster/a.journal.ndjson'), '', { mode: 0o600 });
  await chmod(folder, 0o755);
  process.seteuid?.(65_534);
  try {
    expect(await run(['down', '--state', state])).toMatchObject({
      code: 3,
      err: expect.stringContaining('[STATE_UNREADABLE]'),
    });
  } finally {
    process.seteuid?.(0);
  }
});

test('a file that is no scenario is refused before anything starts', async () => {
  const file = path.join(folder, 'wrong.ts');
  await writeFile(file, 'export default 1;');
  const { code, err } = await run(['scenario', file, '--state', path.join(folder, 'state')]);
  expect(err).toContain('SCENARIO_INVALID');
  expect(code).toBe(2);
});
