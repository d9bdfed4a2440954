import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { WavetankError } from '../../core/errors.ts';
import { descendantsOf, statOf } from '../../core/process/process-stat.ts';
import type { MachineSnapshot } from './machine.ts';
import { listeningSockets } from './listening-sockets.ts';

/** How this testbed's traces are told from everybody else's. */
export interface MachineMarks {
  /** Folders that hold temporary folders, sockets and mounts of this testbed. */
  readonly folders: readonly string[];
  /** Part of the names of its control groups. */
  readonly cgroup: string;
}

const CGROUP_ROOT = '/sys/fs/cgroup';
const CGROUP_DEPTH = 6;

/** @throws WavetankError ACCOUNTING_UNAVAILABLE (environment) where the system has no /proc */
export function takeSnapshot(marks: MachineMarks): MachineSnapshot {
  if (!existsSync('/proc/self/stat')) {
    throw new WavetankError('ACCOUNTING_UNAVAILABLE', 'Processes and mounts are counted in /proc, which is not here.', {
      category: 'environment',
    });
  }
  const pids = descendantsOf(process.pid);
  return {
    processes: withoutUncollected(pids.map(commandOf)).toSorted(),
    mounts: mountsBelow(marks.folders).toSorted(),
    cgroups: cgroupsNamed(CGROUP_ROOT, marks.cgroup, CGROUP_DEPTH).toSorted(),
    namespaces: foreignNamespaces(pids).toSorted(),
    ports: listeningSockets([process.pid, ...pids]).toSorted(),
    temporaryFolders: withoutStock(marks.folders.flatMap((folder) => entriesOf(folder))).toSorted(),
  };
}

const ENDED = ' (ended)';

function commandOf(pid: number): string {
  const command = readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
  return command === '' ? `${statOf(pid)?.name ?? ''}${ENDED}` : command;
}

/** The launcher's shells collect what ended when they are told the next thing: so many of them at once are no leak. */
const MOST_UNCOLLECTED = 20;

/** What has ended and was not collected counts when it grows. */
export function withoutUncollected(commands: readonly string[]): readonly string[] {
  const alive = commands.filter((command) => !command.endsWith(ENDED));
  return commands.length - alive.length > MOST_UNCOLLECTED ? commands : alive;
}

function mountsBelow(folders: readonly string[]): string[] {
  return readOrEmpty('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => folders.some((folder) => point === folder || point.startsWith(`${folder}/`)));
}

function cgroupsNamed(folder: string, mark: string, depth: number): string[] {
  if (depth === 0) return [];
  return directoriesIn(folder).flatMap((name) => {
    const inner = path.join(folder, name);
    return name.includes(mark) ? [inner, ...cgroupsBelow(inner)] : cgroupsNamed(inner, mark, depth - 1);
  });
}

function cgroupsBelow(folder: string): string[] {
  return directoriesIn(folder).flatMap((name) => [path.join(folder, name), ...cgroupsBelow(path.join(folder, name))]);
}

function foreignNamespaces(pids: readonly number[]): string[] {
  const own = new Set(namespacesOf(process.pid));
  const found = new Set(pids.flatMap((pid) => namespacesOf(pid)).filter((namespace) => !own.has(namespace)));
  // The number of a namespace is new each time; how many there are of each kind is what counts.
  return [...found].map((namespace) => namespace.replace(/:.*/, ''));
}

function namespacesOf(pid: number): string[] {
  return namesIn(`/proc/${pid}/ns`)
    .filter((name) => !name.endsWith('_for_children'))
    .flatMap((name) => {
      try {
        return [readlinkSync(`/proc/${pid}/ns/${name}`)];
      } catch {
        return [];
      }
    });
}

/** Two levels: the folders of pods and volumes, and what lies in them. */
function entriesOf(folder: string): string[] {
  return namesIn(folder).flatMap((name) => [
    path.join(folder, name),
    ...namesIn(path.join(folder, name)).map((inner) => path.join(folder, name, inner)),
  ]);
}

/** The launcher makes pipes and namespaces ahead of need, a few at a time; those that wait have ever new names. */
const MOST_WAITING_PIPES = 20;

/** What waits counts by its number, not by its name; folders of this machine that pods are shown are mounted once, for good, and one volume is always ready. */
export function withoutStock(entries: readonly string[]): string[] {
  const isPipe = (entry: string): boolean => /\/fifo\/f\d+$/.test(entry);
  const pipes = entries.filter(isPipe);
  const others = entries.filter((entry) => !isPipe(entry) && !/(\/host\/\d+|\/spare-\d+(\.img)?)$/.test(entry));
  return [
    ...(pipes.length > MOST_WAITING_PIPES ? pipes : []),
    ...others.map((one) => one.replace(/\/ns\/\d+$/, '/ns/*')),
  ];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function directoriesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
