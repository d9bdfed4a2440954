import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a folder that a user named, and those above it that are missing. Node's own `recursive` never comes back where
 * the kernel answers ENOENT inside a folder that is there, as /proc does.
 * @throws the system's error for the first folder that cannot be made; EEXIST where a file has its name.
 */
export function makeFolder(folder: string): void {
  const target = path.resolve(folder);
  if (isFolder(target)) return;
  makeFolder(path.dirname(target));
  try {
    mkdirSync(target);
  } catch (error) {
    // Somebody else may have made it in the meantime.
    if (!isFolder(target)) throw error;
  }
}

function isFolder(target: string): boolean {
  return statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
}
