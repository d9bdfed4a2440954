import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../../core/clock.ts';
import { isAlive, ownerOf } from '../../../../core/process/process-owner.ts';
import { waitUntil } from '../../../../core/wait-until.ts';
import { endChildren, removeState } from './remove-state.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'remove-state-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FORKS = (file: string): string => `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ${file}, { stdio: ['ignore', 'inherit', 'inherit'] });
  console.log(child.pid);
  process.stdin.resume();
  process.on('SIGTERM', () => console.log('asked'));`;

test('workers end at once, and testbeds that they have started are asked to', async () => {
  const main = path.join(folder, 'main.ts');
  const worker = path.join(folder, 'worker.cjs');
  const runner = path.join(folder, 'runner.cjs');
  writeFileSync(
    main,
    `process.on('SIGTERM', () => { console.log('asked'); process.exit(); }); require('node:net').createServer().listen(0); console.log('up');`,
  );
  writeFileSync(worker, FORKS(JSON.stringify([main])));
  writeFileSync(runner, FORKS(JSON.stringify([worker])).replace("'ignore'", "'pipe'"));
  const child = spawn(process.execPath, [runner], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: string[] = [];
  createInterface(child.stdout).on('line', (line) => said.push(line));
  const until = (isSo: () => boolean): Promise<true> =>
    waitUntil('the processes', () => isSo() || undefined, { clock: systemClock, timeoutMs: 20_000, intervalMs: 10 });
  await until(() => said.includes('up'));
  const [ofWorker, ofTestbed] = said.filter((line) => /^\d+$/.test(line)).map((line) => ownerOf(Number(line)));
  if (!ofWorker || !ofTestbed) throw new Error('Both said their numbers.');
  endChildren(child.pid ?? 0, main);
  await until(() => !isAlive(ofWorker) && !isAlive(ofTestbed));
  expect(child.exitCode).toBeNull();
  child.stdin.end();
  child.kill('SIGKILL');
  // Only then all that they said has arrived.
  await once(child, 'close');
  expect(said.filter((line) => line === 'asked')).toEqual(['asked']);
});

test('the folder stays until nothing in it names what may be left', () => {
  const asked: string[] = [];
  const ends = (status: number | null) => (root: string) => {
    asked.push(root);
    return { status };
  };
  mkdirSync(path.join(folder, 'kind'));
  mkdirSync(path.join(folder, 'storage'));
  const cluster = path.join(folder, 'kind', 'wavetank-a.cluster.json');
  const storage = path.join(folder, 'storage', 'a.storage.json');
  for (const file of [cluster, storage]) {
    writeFileSync(file, '{}');
    expect(removeState(folder, ends(0))).toContain(`wavetank down --state ${folder}`);
    rmSync(file);
  }
  for (const status of [3, null]) expect(removeState(folder, ends(status))).toContain(folder);
  expect(existsSync(folder)).toBe(true);
  expect(removeState(folder, ends(0))).toBeUndefined();
  expect(existsSync(folder)).toBe(false);
  expect(new Set(asked)).toEqual(new Set([folder]));
});
