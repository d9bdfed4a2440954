import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, onTestFailed, test } from 'vitest';
import { algorithmCommand } from './algorithm-command.ts';

let volume = '';
beforeEach(async () => {
  volume = await mkdtemp(path.join(tmpdir(), 'algorithm-command-'));
  for (const folder of ['logs', 'transformations']) await mkdir(path.join(volume, folder));
});
afterEach(() => rm(volume, { recursive: true, force: true }));

/** As the kubelet makes it: `$$` stands for `$`, names that it does not know stay. */
const unescaped = (command: readonly string[]): string[] => command.map((part) => part.replaceAll('$$', () => '$'));

interface Ended {
  readonly code: number | null;
  readonly log: string;
}

/** A shell called `sh` keeps to POSIX, as the one of an image does. */
async function asSh(shell: string): Promise<string> {
  const link = path.join(volume, 'sh');
  if (!existsSync(link)) await symlink(shell, link);
  return link;
}

/** The two seconds that the command waits for are a tenth of one: a `sleep` of ours comes first on the PATH. */
async function withShortPatience(): Promise<string> {
  const folder = path.join(volume, 'bin');
  await mkdir(folder);
  const script = '#!/bin/sh\n[ "$1" = 2 ] && set -- 0.1\nexec /bin/sleep "$@"\n';
  await writeFile(path.join(folder, 'sleep'), script, { mode: 0o755 });
  return `${folder}:${process.env['PATH'] ?? ''}`;
}

interface RunOptions {
  readonly cap?: number;
  readonly searchPath?: string;
}

async function run(shell: string, entrypoint: string, options: RunOptions = {}): Promise<Ended> {
  const [, ...args] = unescaped(algorithmCommand(entrypoint, options.cap ?? 1000));
  const logs = path.join(volume, 'logs');
  const child = spawn(await asSh(shell), args, {
    env: { ...process.env, PATH: options.searchPath ?? process.env['PATH'], VOLUME: volume, LOGS: logs },
    stdio: 'ignore',
  });
  const { promise, resolve } = Promise.withResolvers<Ended>();
  child.once('exit', (code) => {
    readFile(path.join(logs, 'algorithm.log'), 'utf8').then(
      (log) => resolve({ code, log }),
      () => resolve({ code, log: '' }),
    );
  });
  return promise;
}

/** Told in `wrapper` which process it is that TERM is sent to. */
async function stopped(shell: string, args: readonly string[]): Promise<Ended> {
  const logs = path.join(volume, 'logs');
  const sh = await asSh(shell);
  const child = spawn(sh, ['-c', 'echo $$ >"$LOGS/wrapper"; exec "$0" "$@"', sh, ...args], {
    env: { ...process.env, VOLUME: volume, LOGS: logs },
    stdio: 'ignore',
    detached: true,
  });
  onTestFailed(() => void process.kill(-Number(child.pid), 'SIGKILL'));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, log: await readFile(path.join(logs, 'algorithm.log'), 'utf8') };
}

describe.each(['/bin/sh', '/bin/bash'])('under %s', (shell) => {
  test('E3: the exit status is the algorithm’s own, and its output is in the log', async ({ expect, skip }) => {
    if (!existsSync(shell)) skip(`${shell} is not on this machine`);
    expect(await run(shell, 'echo out; echo err >&2; exit 7')).toEqual({ code: 7, log: 'out\nerr\n' });
    expect(await run(shell, 'true')).toEqual({ code: 0, log: '' });
    expect((await run(shell, 'kill -SEGV $$')).code).toBe(128 + 11);
    expect((await run(shell, 'no-such-program')).code).toBe(127);
  });

  test('$ALGO is the algorithm on the volume, quotes or not', async ({ expect, skip }) => {
    if (!existsSync(shell)) skip(`${shell} is not on this machine`);
    await writeFile(path.join(volume, 'transformations', 'algorithm'), 'echo "ran $1"');
    expect((await run(shell, 'sh $ALGO one')).log).toBe('ran one\n');
    expect((await run(shell, `sh -c 'sh $ALGO two'`)).log).toBe('ran two\n');
  });

  test('output beyond the cap is dropped with a notice, and the algorithm lives on', async ({ expect, skip }) => {
    if (!existsSync(shell)) skip(`${shell} is not on this machine`);
    const flood = `i=0; while [ $i -lt 2000 ]; do echo 012345678901234; i=$((i+1)); done; exit 5`;
    const { code, log } = await run(shell, flood, { cap: 1024 });
    expect(code).toBe(5);
    expect(log).toBe(`${'012345678901234\n'.repeat(64)}\n[the log was cut here: it may hold 1024 bytes]\n`);
    expect((await run(shell, `printf %512s x`, { cap: 512 })).log).toBe('x'.padStart(512));
  });

  test('a process left behind with the log open does not keep the job alive', async ({ expect, skip }) => {
    if (!existsSync(shell)) skip(`${shell} is not on this machine`);
    const entrypoint = 'echo before; sleep 30 & echo "$!" >"$LOGS/left"; exit 3';
    const { code, log } = await run(shell, entrypoint, { searchPath: await withShortPatience() });
    expect({ code, log }).toEqual({ code: 3, log: 'before\n' });
    process.kill(Number(await readFile(path.join(volume, 'logs', 'left'), 'utf8')), 'SIGKILL');
  });

  const STOPPABLE = `trap 'echo stopping; exit 9' TERM; echo ready; kill -TERM "$(cat "$LOGS/wrapper")"; while :; do sleep 0.01; done`;

  test.for([
    ['a script', STOPPABLE],
    ['one program', 'sh $ALGO'],
  ] as const)(
    'TERM reaches the algorithm, whose log and status are kept: %s',
    async ([, entrypoint], { expect, skip }) => {
      if (!existsSync(shell)) skip(`${shell} is not on this machine`);
      await writeFile(path.join(volume, 'transformations', 'algorithm'), STOPPABLE);
      const [, ...args] = unescaped(algorithmCommand(entrypoint, 1000));
      expect(await stopped(shell, args)).toEqual({ code: 9, log: 'ready\nstopping\n' });
    },
  );

  test('TERM reaches an algorithm whose number is not written down yet', async ({ expect, skip }) => {
    if (!existsSync(shell)) skip(`${shell} is not on this machine`);
    const [, option = '', wrapper = '', ...args] = unescaped(algorithmCommand(STOPPABLE, 1000));
    const noted = 'echo "$!" >"$s.pid"';
    const late = wrapper.replace(noted, `while [ ! -s "$s.term" ]; do sleep 0.01; done; ${noted}`);
    expect(late).not.toBe(wrapper);
    expect(await stopped(shell, [option, late, ...args])).toEqual({ code: 9, log: 'ready\nstopping\n' });
  });
});

test('a consumer’s $(…) and $$ are for the shell, not for Kubernetes', ({ expect }) => {
  const command = algorithmCommand('echo $(date) $$ $HOME', 10);
  expect(command[4]).toBe('echo $$(date) $$$ $HOME');
});

test('one program takes the place of its shell, anything else stays the shell’s', ({ expect }) => {
  const started = (entrypoint: string): string => unescaped(algorithmCommand(entrypoint, 512))[4] ?? '';
  expect(started('python3.8 -u $ALGO')).toBe('exec python3.8 -u $VOLUME/transformations/algorithm');
  expect(started("/opt/run 'two words' $HOME")).toBe("exec /opt/run 'two words' $HOME");
  for (const script of [
    'node a.js && node b.js',
    'exit 3',
    'A=1 node a.js',
    'node a.js >out',
    'node a.js & wait',
    '(node a)',
    'if x',
  ])
    expect(started(script)).toBe(script);
});
