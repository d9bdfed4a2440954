import { readFileSync, readdirSync } from 'node:fs';

/** Of /proc/PID/stat, as proc(5) describes it. */
export interface ProcessStat {
  /** Of its program, cut to 15 bytes. */
  readonly name: string;
  /** Ended, and nobody has asked for its exit code yet. */
  readonly isZombie: boolean;
  readonly parent: number;
  /** When it started, in ticks since boot: with the number that names one process for good. */
  readonly startTicks: string;
}

/** Undefined where there is no such process, or no /proc. */
export function statOf(pid: number): ProcessStat | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The rest is counted behind the name, which may hold anything.
  const end = stat.lastIndexOf(')');
  const [state = '', parent = '', ...others] = stat.slice(end + 2).split(' ');
  return {
    name: stat.slice(stat.indexOf('(') + 1, end),
    isZombie: state === 'Z',
    parent: Number(parent),
    startTicks: others[17] ?? '',
  };
}

/** The processes below one: its children, theirs, and so on. Empty where there is no /proc. */
export function descendantsOf(pid: number): number[] {
  const everybody = processIds().map((id) => ({ id, parent: statOf(id)?.parent }));
  const children = Map.groupBy(everybody, ({ parent }) => parent);
  const found: number[] = [];
  const open = [pid];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const below = (children.get(at) ?? []).map(({ id }) => id);
    found.push(...below);
    open.push(...below);
  }
  return found;
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid));
  } catch {
    return [];
  }
}
