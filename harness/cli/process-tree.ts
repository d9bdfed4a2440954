import { readFileSync, readdirSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import type { Owner } from '../testbed/instance-folder.ts';
import { isAlive, ownerOf } from '../testbed/instance-folder.ts';

/** The processes below one: its children, theirs, and so on. Empty where there is no /proc. */
export function descendantsOf(pid: number): Owner[] {
  const children = Map.groupBy(everyProcess(), ({ parent }) => parent);
  const found: number[] = [];
  const open = [pid];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const below = (children.get(at) ?? []).map((child) => child.pid);
    found.push(...below);
    open.push(...below);
  }
  return found.map(ownerOf);
}

/** Asks them to end, and after a while no longer asks. */
export async function endProcesses(processes: readonly Owner[], clock: Clock, graceMs: number): Promise<void> {
  const alive = (): Owner[] => processes.filter(isAlive);
  for (const { pid } of alive()) tell(pid, 'SIGTERM');
  for (const until = clock.now() + graceMs; clock.now() < until && alive().length > 0;)
    await clock.sleep(LOOK_EVERY_MS);
  for (const { pid } of alive()) tell(pid, 'SIGKILL');
}

const LOOK_EVERY_MS = 20;

function everyProcess(): { readonly pid: number; readonly parent: number }[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => ({ pid: Number(name), parent: parentOf(name) }));
  } catch {
    return [];
  }
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Counted behind the name, which may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0; // it has ended
  }
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended, or is somebody else's.
  }
}
