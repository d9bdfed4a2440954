import { readFileSync, readlinkSync } from 'node:fs';
import { z } from 'zod';
import { statOf } from './process-stat.ts';

/** One process for good: a number alone is given out again. */
export const PROCESS_OWNER = z.object({
  pid: z.int(),
  /** When it started, in ticks since boot; '' where the system has no /proc. */
  startTicks: z.string(),
  bootId: z.string(),
  /** Numbers mean nothing in another container, which may have the same folders. */
  pidNamespace: z.string(),
});
export type ProcessOwner = z.infer<typeof PROCESS_OWNER>;

export function thisProcess(): ProcessOwner {
  return ownerOf(process.pid);
}

/** Names the process that has this number now. */
export function ownerOf(pid: number): ProcessOwner {
  return { pid, startTicks: startTicks(pid) ?? '', bootId: bootId(), pidNamespace: pidNamespace() };
}

/** `unknown` where this process cannot tell: what belongs to somebody of another container is not ours to judge. */
export function stateOf(owner: ProcessOwner): 'alive' | 'dead' | 'unknown' {
  // After another boot there are no processes left, whatever their namespace was.
  if (owner.bootId !== bootId()) return 'dead';
  if (owner.pidNamespace !== pidNamespace()) return 'unknown';
  const now = startTicks(owner.pid);
  if (now === undefined && owner.startTicks === '') return exists(owner.pid) ? 'alive' : 'dead';
  return now === owner.startTicks ? 'alive' : 'dead';
}

export function isAlive(owner: ProcessOwner): boolean {
  return stateOf(owner) === 'alive';
}

/** Undefined for a process that has ended, also while nobody has asked for its exit code. */
export function startTicks(pid: number): string | undefined {
  const stat = statOf(pid);
  return stat === undefined || stat.isZombie ? undefined : stat.startTicks;
}

export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Its number in the kernel. */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  } catch {
    return '';
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
