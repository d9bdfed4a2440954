import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { waitUntil } from '../../core/wait-until.ts';
import { isAlive, ownerOf } from '../../core/process/process-owner.ts';
import { runInside } from './run-inside.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'run-inside-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shell = (script: string): readonly string[] => ['sh', '-c', script];

async function run(command: readonly string[], interrupted = new AbortController().signal): Promise<[number, string]> {
  const stderr = new PassThrough();
  const code = await runInside(command, { WAVETANK_PROBE: '7' }, { stderr, interrupted });
  stderr.end();
  return [code, await text(stderr)];
}

test.each([
  ['exit "$WAVETANK_PROBE"', 7, ''],
  ['kill -KILL $$', 137, 'wavetank: sh was ended by SIGKILL\n'],
  ['kill -TERM $$', 143, 'wavetank: sh was ended by SIGTERM\n'],
])('%s ends it with %i', async (script, code, words) => {
  expect(await run(shell(script))).toEqual([code, words]);
});

test('what cannot be run is wrong usage', async () => {
  await expect(run(['no-such-command'])).rejects.toMatchObject({ code: 'COMMAND_NOT_RUN', category: 'usage' });
});

test('interrupted before it began it does not run', async () => {
  const file = path.join(folder, 'ran');
  expect(await run(shell(`touch ${file}`), AbortSignal.abort())).toEqual([130, '']);
  expect(existsSync(file)).toBe(false);
});

test('interrupted while it runs it ends with 130, and with what it started', async () => {
  const interruption = new AbortController();
  const file = path.join(folder, 'pids');
  // The shell waits for its child and does not pass on what it is told.
  const running = run(shell(`sleep 60 & echo $$ $! > ${file}; wait`), interruption.signal);
  const pids = await waitUntil('both to run', () => /(\d+) (\d+)\n/.exec(textIn(file))?.slice(1).map(Number), SOON);
  expect(pids.map((pid) => isAlive(ownerOf(pid)))).toEqual([true, true]);
  const owners = pids.map(ownerOf);
  interruption.abort();
  expect(await running).toEqual([130, '']);
  expect(owners.filter(isAlive)).toEqual([]);
});

const SOON = { clock: systemClock, timeoutMs: 10_000, intervalMs: 5 };

function textIn(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
