import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupParents, removeTree } from './cgroups.ts';
import type { ProcessOwner } from '../../../../core/process/process-owner.ts';
import { stateOf, thisProcess } from '../../../../core/process/process-owner.ts';
import { TOOL_ENV, findTool } from './tools.ts';

/** Directories and cgroups of ours are called so; nothing else is ever removed. */
const OUR_DIRECTORY = /^wt-[A-Za-z0-9]+$/;
const OUR_CGROUP = /^wavetank-[A-Za-z0-9-]+\.(\d+)\.(\d+)\.(\d+)$/;
const OWNER_FILE = '.owner.json';
/** Directories of living processes may lie inside that of a dead one: a killed test run leaves what it had started. */
const DEPTH = 3;

/** Says whose a directory is, so that anybody may remove it when its owner is dead. */
export function claimDirectory(directory: string): void {
  writeFileSync(join(directory, OWNER_FILE), JSON.stringify(thisProcess()), { mode: 0o600 });
}

export interface Strays {
  readonly directories: readonly string[];
  readonly cgroups: readonly string[];
}

/**
 * Removes what killed processes left whose journal is gone too, as that of a test run lies in a folder of its own.
 * What says no owner, has another user, or belongs to a living process or to one of another container, stays.
 */
export function sweepStrays(bases: readonly string[] = [tmpdir(), '/tmp', '/dev/shm']): Strays {
  return {
    directories: [...new Set(bases)].flatMap((base) => strayDirectories(base).filter(removeDirectory)),
    cgroups: cgroupParents().flatMap((parent) => strayCgroups(parent).filter(removeCgroup)),
  };
}

function strayDirectories(base: string): string[] {
  return foldersIn(base)
    .filter((name) => OUR_DIRECTORY.test(name))
    .map((name) => join(base, name))
    .filter((directory) => isOurs(directory) && isStray(directory) && !holdsLiving(directory, DEPTH));
}

function strayCgroups(mount: string): string[] {
  return foldersIn(mount).flatMap((name) => {
    const [, pid = '', startTicks = '', pidNamespace = ''] = OUR_CGROUP.exec(name) ?? [];
    if (pid === '') return [];
    // Cgroups do not outlive a boot.
    const owner = { ...thisProcess(), pid: Number(pid), startTicks, pidNamespace };
    return stateOf(owner) === 'dead' ? [join(mount, name)] : [];
  });
}

function isOurs(directory: string): boolean {
  try {
    return lstatSync(directory).uid === process.getuid?.();
  } catch {
    return false;
  }
}

function isStray(directory: string): boolean {
  const owner = ownerOf(directory);
  return owner !== undefined && stateOf(owner) === 'dead';
}

function holdsLiving(directory: string, depth: number): boolean {
  if (depth === 0) return false;
  return foldersIn(directory).some((name) => {
    const inner = join(directory, name);
    const owner = ownerOf(inner);
    return (owner !== undefined && stateOf(owner) !== 'dead') || holdsLiving(inner, depth - 1);
  });
}

function ownerOf(directory: string): ProcessOwner | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, OWNER_FILE), 'utf8')) as ProcessOwner;
  } catch {
    return undefined;
  }
}

/** Another sweep may be at it: what is gone is gone. */
function removeDirectory(directory: string): boolean {
  try {
    unmountBelow(directory);
    rmSync(directory, { recursive: true, force: true, maxRetries: 2 });
    return true;
  } catch {
    return false;
  }
}

/** One that still holds a process stays. */
function removeCgroup(directory: string): boolean {
  removeTree(directory);
  return !existsSync(directory);
}

/** Mounts live in a namespace that dies with its processes; one that shows here was made by other means. Returns how many. */
export function unmountBelow(directory: string): number {
  const umount = findTool('umount');
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point === directory || point.startsWith(`${directory}/`));
  if (umount === undefined) return 0;
  for (const point of points.toReversed()) spawnSync(umount, ['-n', '-l', point], { env: TOOL_ENV, stdio: 'ignore' });
  return points.length;
}

function foldersIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
