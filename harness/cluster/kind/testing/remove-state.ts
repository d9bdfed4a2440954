import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { descendantsOf, statOf } from '../../../../core/process/process-stat.ts';

export const MAIN = path.join(import.meta.dirname, '../../../cli/main.ts');
const REMOVAL_LIMIT_MS = 60_000;

/** Ends what a process has started, who is about to end: a worker owns clusters as long as it lives. Testbeds of its own tidy up behind themselves. */
export function endChildren(pid: number, main = MAIN): void {
  const below = descendantsOf(pid);
  const children = below.filter((one) => statOf(one)?.parent === pid);
  for (const one of below.filter((each) => argumentsOf(each).includes(main))) signal(one, 'SIGTERM');
  for (const one of children) if (!argumentsOf(one).includes(main)) signal(one, 'SIGKILL');
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself meanwhile.
  }
}

export interface DownRun {
  readonly status: number | null;
}

/** The command that a user would give, to its end. */
function runDown(stateRoot: string): DownRun {
  const options = { stdio: 'inherit', timeout: REMOVAL_LIMIT_MS } as const;
  return spawnSync(process.execPath, [MAIN, 'down', '--state', stateRoot], options);
}

/**
 * Removes what is left of a run and then its folder. The folder stays as long as anything of it may be there: without the journals in it nobody would find that.
 * @returns what to tell, where the folder stays
 */
export function removeState(stateRoot: string, down: (stateRoot: string) => DownRun = runDown): string | undefined {
  if (down(stateRoot).status === 0 && removeEmptyState(stateRoot)) return undefined;
  return `Something of the tests on kind is left, and stands in ${stateRoot}. This removes it: npx wavetank down --state ${stateRoot}\n`;
}

/** @returns false where a journal names something that may still be there */
export function removeEmptyState(stateRoot: string): boolean {
  const journals = [
    ...filesIn(path.join(stateRoot, 'kind'), '.cluster.json'),
    ...filesIn(path.join(stateRoot, 'storage'), '.storage.json'),
  ];
  if (journals.length > 0) return false;
  rmSync(stateRoot, { recursive: true, force: true });
  return true;
}

function filesIn(folder: string, suffix: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(suffix)) : [];
}
