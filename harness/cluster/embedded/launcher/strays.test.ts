import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cgroupName, cgroupParents } from './cgroups.ts';
import { startTicks, thisProcess } from '../../../../core/process/process-owner.ts';
import { claimDirectory, sweepStrays } from './strays.ts';

const base = mkdtempSync(join(tmpdir(), 'strays-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

let deadOwner: ReturnType<typeof thisProcess>;
beforeAll(async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  deadOwner = { ...thisProcess(), pid: child.pid ?? 0, startTicks: startTicks(child.pid ?? 0) ?? '' };
  child.kill('SIGKILL');
  await once(child, 'exit');
});

function folder(path: string, owner: object | 'this' | 'none'): string {
  const directory = join(base, path);
  mkdirSync(join(directory, 'inner'), { recursive: true });
  if (owner === 'this') claimDirectory(directory);
  else if (owner !== 'none') writeFileSync(join(directory, '.owner.json'), JSON.stringify(owner));
  return directory;
}

describe('what a killed process left', () => {
  test('goes, with all that is in it; what lives, or cannot be judged, stays', () => {
    const gone = [
      folder('wt-dead', deadOwner),
      folder('wt-boot', { ...thisProcess(), bootId: 'an earlier one' }),
      folder('wt-again', { ...thisProcess(), startTicks: '1' }),
    ];
    const stays = [
      folder('wt-alive', 'this'),
      folder('wt-unsaid', 'none'),
      folder('wt-elsewhere', { ...deadOwner, pidNamespace: '1' }),
      folder('other-dead', deadOwner),
      folder('wt-parent', deadOwner),
    ];
    folder('wt-parent/test-x/wt-child', 'this');
    expect(sweepStrays([base]).directories.toSorted()).toEqual(gone.toSorted());
    expect(gone.filter(existsSync)).toEqual([]);
    expect(stays.filter((directory) => !existsSync(join(directory, 'inner')))).toEqual([]);
  });

  test('cgroups go by their names', (context) => {
    const [parent] = cgroupParents();
    const own = join(parent ?? '', cgroupName(`strays${process.pid}`));
    const dead = own.replace(/\.\d+\.\d+\.(\d+)$/, `.${deadOwner.pid}.${deadOwner.startTicks}.$1`);
    try {
      if (parent === undefined) return context.skip('this machine has no cgroups');
      mkdirSync(own);
      mkdirSync(join(dead, 'c1'), { recursive: true });
    } catch (error) {
      return context.skip(`cgroups cannot be made here: ${(error as Error).message}`);
    }
    try {
      sweepStrays([base]);
      expect([own, dead].map(existsSync)).toEqual([true, false]);
      expect(readFileSync(join(own, 'cgroup.procs'), 'utf8')).toBe('');
    } finally {
      rmdirSync(own);
    }
  });
});
