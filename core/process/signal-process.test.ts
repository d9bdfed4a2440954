import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { signalProcess } from './signal-process.ts';

test('a process that runs gets the signal', async () => {
  const child = spawn('sleep', ['60']);
  const ended = once(child, 'exit');
  expect(signalProcess(child.pid ?? 0, 'SIGKILL')).toBe(true);
  expect(await ended).toEqual([null, 'SIGKILL']);
});

test('one that has ended is no error', () => {
  expect(signalProcess(spawnSync('true').pid, 'SIGKILL')).toBe(false);
});

test('a signal that does not exist is one', () => {
  expect(() => signalProcess(process.pid, 'SIGNONE' as NodeJS.Signals)).toThrow(/SIGNONE/);
});
