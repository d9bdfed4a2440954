import { readFileSync, readlinkSync } from 'node:fs';

/** One process for good: a number alone is given out again. */
export interface ProcessOwner {
  readonly pid: number;
  /** When it started, in ticks since boot. */
  readonly startTicks: string;
  readonly bootId: string;
  /** Numbers mean nothing in another container. */
  readonly pidNamespace: string;
}

export function thisProcess(): ProcessOwner {
  return {
    pid: process.pid,
    startTicks: startTicks(process.pid) ?? '',
    bootId: bootId(),
    pidNamespace: pidNamespace(),
  };
}

/** `unknown` where this process cannot tell: what belongs to somebody of another container is not ours to judge. */
export function stateOf(owner: ProcessOwner): 'alive' | 'dead' | 'unknown' {
  // After another boot there are no processes left, whatever their namespace was.
  if (owner.bootId !== bootId()) return 'dead';
  if (owner.pidNamespace !== pidNamespace() || owner.startTicks === '') return 'unknown';
  return startTicks(owner.pid) === owner.startTicks ? 'alive' : 'dead';
}

/** Undefined for a process that has ended, also while nobody has asked for its exit code. */
export function startTicks(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // Counted behind the name, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

export function bootId(): string {
  return read('/proc/sys/kernel/random/boot_id').trim();
}

/** Its number in the kernel. */
export function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  } catch {
    return '';
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
