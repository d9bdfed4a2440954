import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import type { ContainerLimits } from './launcher.ts';
import { thisProcess } from '../../../../core/process/process-owner.ts';

/** Limits on memory, processor and number of processes of one container. */
export interface Cgroups {
  readonly version: 'v1' | 'v2' | 'absent';
  readonly why: string;
  /** Directories of this run, for the journal. */
  readonly roots: readonly string[];
  create(name: string, limits: ContainerLimits): Cgroup;
  remove(): void;
}

export interface Cgroup {
  /** A process joins by writing its id into each. */
  readonly procsFiles: readonly string[];
  oomKills(): number;
  throttledPeriods(): number;
  remove(): void;
}

const PERIOD_US = 100_000;

/** A cgroup can hold no file that says whose it is: its owner is part of its name. */
export function cgroupName(instance: string): string {
  const { pid, startTicks, pidNamespace } = thisProcess();
  return `wavetank-${instance}.${pid}.${startTicks}.${pidNamespace}`;
}

/** The cgroups below which those of a run are made. */
export function cgroupParents(): readonly string[] {
  const own = ownV1Paths();
  const parents = ['memory', 'pids', 'cpu'].flatMap((controller) =>
    mountsOf('cgroup')
      .filter((path) => path.split('/').pop()?.split(',').includes(controller))
      .map((mount) => v1Parent(mount, own.get(controller))),
  );
  return [...new Set([...mountsOf('cgroup2'), ...parents])];
}

function v1Parent(mount: string, below = '/'): string {
  return `${mount}${below === '/' ? '' : below}`;
}

export function openCgroups(instance: string): Cgroups {
  const failures: string[] = [];
  for (const open of [openV2, openV1]) {
    try {
      return open(cgroupName(instance));
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  return absentCgroups(`no writable cgroups (${failures.join('; ')})`);
}

export function absentCgroups(why: string): Cgroups {
  const none: Cgroup = { procsFiles: [], oomKills: () => 0, throttledPeriods: () => 0, remove: () => undefined };
  return { version: 'absent', why, roots: [], create: () => none, remove: () => undefined };
}

function openV2(name: string): Cgroups {
  const mount = mountsOf('cgroup2').find((path) => {
    const controllers = readFileSync(`${path}/cgroup.controllers`, 'utf8').split(/\s+/);
    return ['memory', 'pids', 'cpu'].every((controller) => controllers.includes(controller));
  });
  if (mount === undefined) throw new Error('no cgroup v2 hierarchy has memory, pids and cpu');
  const root = `${mount}/${name}`;
  mkdirSync(root, { recursive: true });
  try {
    for (const dir of [mount, root]) writeFileSync(`${dir}/cgroup.subtree_control`, '+memory +pids +cpu');
  } catch (error) {
    removeTree(root);
    // Only the very root may hold processes and still give controllers to others: that of a container is not it.
    if ((error as NodeJS.ErrnoException).code === 'EBUSY')
      throw new Error('the root of cgroup v2 holds processes, as in a container: start that with --cgroupns=host');
    throw error;
  }
  return {
    version: 'v2',
    why: 'cgroup v2',
    roots: [root],
    create(child, limits) {
      const dir = `${root}/${child}`;
      mkdirSync(dir);
      if (limits.memoryBytes !== undefined) {
        writeFileSync(`${dir}/memory.max`, String(limits.memoryBytes));
        tryWrite(`${dir}/memory.swap.max`, '0');
        tryWrite(`${dir}/memory.oom.group`, '1');
      }
      if (limits.cpuMillis !== undefined) writeFileSync(`${dir}/cpu.max`, `${quota(limits.cpuMillis)} ${PERIOD_US}`);
      writeFileSync(`${dir}/pids.max`, String(limits.pids));
      return cgroupOf([dir], `${dir}/memory.events`, `${dir}/cpu.stat`);
    },
    remove: () => removeTree(root),
  };
}

function openV1(name: string): Cgroups {
  const own = ownV1Paths();
  const roots = ['memory', 'pids', 'cpu'].map((controller) => {
    const mount = mountsOf('cgroup').find((path) => path.split('/').pop()?.split(',').includes(controller));
    if (mount === undefined) throw new Error(`no cgroup v1 hierarchy for ${controller}`);
    return `${v1Parent(mount, own.get(controller))}/${name}`;
  });
  const [memory = '', pids = '', cpu = ''] = roots;
  for (const root of roots) mkdirSync(root, { recursive: true });
  return {
    version: 'v1',
    why: 'cgroup v1',
    roots,
    create(child, limits) {
      const dirs = roots.map((root) => `${root}/${child}`);
      for (const dir of dirs) mkdirSync(dir);
      if (limits.memoryBytes !== undefined) {
        writeFileSync(`${memory}/${child}/memory.limit_in_bytes`, String(limits.memoryBytes));
        tryWrite(`${memory}/${child}/memory.memsw.limit_in_bytes`, String(limits.memoryBytes));
      }
      if (limits.cpuMillis !== undefined) limitCpuV1(`${cpu}/${child}`, limits.cpuMillis);
      writeFileSync(`${pids}/${child}/pids.max`, String(limits.pids));
      return cgroupOf(dirs, `${memory}/${child}/memory.oom_control`, `${cpu}/${child}/cpu.stat`);
    },
    remove: () => roots.forEach(removeTree),
  };
}

function limitCpuV1(dir: string, cpuMillis: number): void {
  writeFileSync(`${dir}/cpu.cfs_period_us`, String(PERIOD_US));
  try {
    writeFileSync(`${dir}/cpu.cfs_quota_us`, String(quota(cpuMillis)));
  } catch (error) {
    // More than a cgroup above has, say the one of `docker run --cpus 0.5`: its limit holds, and is the tighter one.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  }
}

function cgroupOf(dirs: readonly string[], eventsFile: string, cpuFile: string): Cgroup {
  const count = (file: string, name: string): number =>
    Number(new RegExp(`^${name} (\\d+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
  return {
    procsFiles: dirs.map((dir) => `${dir}/cgroup.procs`),
    oomKills: () => count(eventsFile, 'oom_kill'),
    throttledPeriods: () => count(cpuFile, 'nr_throttled'),
    remove: () => dirs.forEach(removeTree),
  };
}

/** The kernel counts at least 1 ms of every period. */
function quota(cpuMillis: number): number {
  return Math.max(1000, Math.round((cpuMillis * PERIOD_US) / 1000));
}

function mountsOf(type: string): readonly string[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')).flatMap(([, path, kind]) => (kind === type && path ? [path] : []));
}

function ownV1Paths(): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').split('\n')) {
    const [, controllers = '', path] = line.split(':');
    for (const controller of controllers.split(',')) if (path !== undefined) paths.set(controller, path);
  }
  return paths;
}

function tryWrite(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch {
    // Swap accounting and group kills are extras that not every kernel has.
  }
}

/** Removes a cgroup and those below it. One that still holds a process stays, for the janitor. */
export function removeTree(dir: string): void {
  try {
    for (const entry of readdirSync(dir, { withFileTypes: true }))
      if (entry.isDirectory()) removeTree(`${dir}/${entry.name}`);
    rmdirSync(dir);
  } catch {
    // Busy or already gone.
  }
}
