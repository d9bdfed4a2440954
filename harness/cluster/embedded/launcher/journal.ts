import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { removeTree } from './cgroups.ts';
import type { ProcessOwner } from '../../../../core/process/process-owner.ts';
import { bootId, startTicks, stateOf, thisProcess } from '../../../../core/process/process-owner.ts';
import { signalProcess } from '../../../../core/process/signal-process.ts';
import { sweepStrays, unmountBelow } from './strays.ts';

/** What a run makes outside its own process, written down before or as it is made, so that a crash can be cleaned up. */
export type JournalRecord =
  | ({ readonly kind: 'owner' } & ProcessOwner)
  | { readonly kind: 'process'; readonly pid: number; readonly startTicks: string }
  | { readonly kind: 'cgroup'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string };

export interface Journal {
  add(record: JournalRecord): void;
  addProcess(pid: number): void;
  /** Everything was undone: the journal goes. */
  close(): void;
}

const SUFFIX = '.journal.ndjson';
/** Directories and cgroups of ours start so; nothing else is ever removed. */
const OUR_DIRECTORY = /^wt-[A-Za-z0-9]+$/;
const OUR_CGROUP = /^wavetank-[A-Za-z0-9.-]+$/;

/** Opens the journal of one run. Its first line says whose it is. */
export function openJournal(stateDir: string, instance: string): Journal {
  mkdirSync(stateDir, { recursive: true });
  const path = join(stateDir, `${instance}${SUFFIX}`);
  // It gets its name with its first line in it: without an owner, a sweep of another start would take it for nobody's.
  const file = openSync(`${path}.new`, 'ax', 0o600);
  const add = (record: JournalRecord): void => void writeSync(file, `${JSON.stringify(record)}\n`);
  add({ kind: 'owner', ...thisProcess() });
  renameSync(`${path}.new`, path);
  let isOpen = true;
  return {
    add,
    addProcess: (pid) => add({ kind: 'process', pid, startTicks: startTicks(pid) ?? '' }),
    close() {
      if (isOpen) closeSync(file);
      isOpen = false;
      rmSync(path, { force: true });
    },
  };
}

export interface Swept {
  readonly processes: number;
  readonly mounts: number;
  readonly cgroups: number;
  readonly directories: number;
}

/**
 * Removes what runs that were killed left behind. A run that is still alive is not touched; neither is a process
 * that merely got the same number, or a directory that does not look like ours. Then what killed runs of other state folders,
 * gone by now, have left on this machine; that is not counted, since another sweep may be at it as well.
 */
export function sweep(stateDir: string): Swept {
  const total = sweepJournals(stateDir);
  sweepStrays();
  return total;
}

function sweepJournals(stateDir: string): Swept {
  const total = { processes: 0, mounts: 0, cgroups: 0, directories: 0 };
  if (!existsSync(stateDir)) return total;
  for (const name of readdirSync(stateDir).filter((each) => each.endsWith(SUFFIX))) {
    const path = join(stateDir, name);
    const records = readJournal(path);
    if (records === undefined || mayBeAlive(records)) continue;
    const isSameBoot = records.some((record) => record.kind === 'owner' && record.bootId === bootId());
    for (const record of records.toReversed()) sweepRecord(record, isSameBoot, total);
    rmSync(path, { force: true });
    // A kubeconfig of a server that is gone; its token is worth nothing, but it stays nobody's.
    rmSync(join(stateDir, `${name.slice(0, -SUFFIX.length)}.kubeconfig`), { force: true });
  }
  return total;
}

/** A line that was cut off by the crash is left out. Undefined when another sweep was faster. */
function readJournal(path: string): JournalRecord[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as JournalRecord];
    } catch {
      return [];
    }
  });
}

/** Also of a process of another container that has this folder, too. */
function mayBeAlive(records: readonly JournalRecord[]): boolean {
  const owner = records.find((record) => record.kind === 'owner');
  return owner !== undefined && stateOf(owner) !== 'dead';
}

function sweepRecord(
  record: JournalRecord,
  isSameBoot: boolean,
  total: { -readonly [K in keyof Swept]: number },
): void {
  switch (record.kind) {
    case 'owner':
      return;
    case 'process':
      if (!isSameBoot || startTicks(record.pid) !== record.startTicks) return;
      if (signalProcess(record.pid, 'SIGKILL')) total.processes++;
      return;
    case 'cgroup':
      if (!OUR_CGROUP.test(basename(record.path)) || !existsSync(record.path)) return;
      removeTree(record.path);
      total.cgroups++;
      return;
    case 'directory':
      if (!OUR_DIRECTORY.test(basename(record.path)) || !existsSync(record.path)) return;
      total.mounts += unmountBelow(record.path);
      rmSync(record.path, { recursive: true, force: true });
      total.directories++;
  }
}
