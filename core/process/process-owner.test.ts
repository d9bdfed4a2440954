import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProcessOwner } from './process-owner.ts';
import { isAlive, ownerOf, stateOf, thisProcess } from './process-owner.ts';
import { descendantsOf, statOf } from './process-stat.ts';

/** A program may be called anything, and its name stands in the middle of what /proc says. */
const NAME = 'a) Z 1 (b';
let folder: string;
let child: ReturnType<typeof spawn>;
let owner: ProcessOwner;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'process-owner-'));
  copyFileSync('/bin/sleep', path.join(folder, NAME));
  child = spawn(path.join(folder, NAME), ['60']);
  await once(child, 'spawn');
  owner = ownerOf(child.pid ?? 0);
});
afterAll(() => {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('/proc is read behind the name', () => {
  expect(statOf(owner.pid)).toMatchObject({ name: NAME, isZombie: false, parent: process.pid });
  expect(descendantsOf(process.pid)).toContain(owner.pid);
});

test('a process is known by its number, its start, the boot and where it was counted', async () => {
  expect([stateOf(thisProcess()), stateOf(owner)]).toEqual(['alive', 'alive']);
  expect(stateOf({ ...owner, startTicks: '1' })).toBe('dead');
  expect(stateOf({ ...owner, pidNamespace: '1' })).toBe('unknown');
  expect(stateOf({ ...owner, pidNamespace: '1', bootId: 'an earlier one' })).toBe('dead');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect([stateOf(owner), isAlive(owner), statOf(owner.pid)]).toEqual(['dead', false, undefined]);
});
