import { accessSync, constants, readFileSync, readdirSync } from 'node:fs';
import { WavetankError } from '../../../../core/errors.ts';

const TOOL_DIRS = ['/usr/bin', '/usr/sbin', '/bin', '/sbin', '/usr/local/bin', '/usr/local/sbin'];

/** The environment of the host's own tools: nothing of a container's reaches them. */
export const TOOL_ENV: Readonly<Record<string, string>> = { PATH: TOOL_DIRS.slice(0, 4).join(':'), LC_ALL: 'C' };

export function findTool(name: string): string | undefined {
  return TOOL_DIRS.map((dir) => `${dir}/${name}`).find(isExecutable);
}

/** @throws WavetankError TOOL_MISSING */
export function needTool(name: string): string {
  const path = findTool(name);
  if (path === undefined) {
    throw new WavetankError('TOOL_MISSING', `The program ${name} is not installed.`, { category: 'environment' });
  }
  return path;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const O_CLOEXEC = 0o2000000;

/**
 * File descriptors above 2 that a child of this process would inherit: some parents (CI runners, shells with job
 * pipes) leave such ones, and a container must not get them.
 */
export function inheritableDescriptors(): readonly number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc/self/fdinfo')) {
    const fd = Number(name);
    if (fd <= 2) continue;
    const flags = /^flags:\s*([0-7]+)/m.exec(readOrEmpty(`/proc/self/fdinfo/${name}`))?.[1];
    if (flags !== undefined && (parseInt(flags, 8) & O_CLOEXEC) === 0) found.push(fd);
  }
  return found;
}

/** How many files a child of this process may open at most. */
export function hardOpenFileLimit(): number {
  const limit = /^Max open files\s+\S+\s+(\S+)/m.exec(readOrEmpty('/proc/self/limits'))?.[1];
  return limit === undefined || limit === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(limit);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** One word for a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
