import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sha256Hex } from '../../core/protocol/hashing.ts';
import { shortTmpdir } from '../../core/short-tmpdir.ts';

/** Names a temporary folder per line. */
const FOLDERS = 'outside';
/** Names a file per line, and what it was when it was written. */
const FILES = 'outside-files';

/**
 * A temporary folder of the instance that others must be able to enter, so it lies outside: it goes with the dead instance, too.
 * Returns what strikes the note out again, once the folder is gone.
 */
export function noteOutsideFolder(instanceFolder: string, outside: string): () => void {
  const file = path.join(instanceFolder, FOLDERS);
  appendFileSync(file, `${outside}\n`, { mode: 0o600 });
  return () => {
    const others = outsideFolders(instanceFolder).filter((folder) => folder !== outside);
    if (others.length === 0) rmSync(file, { force: true });
    else writeFileSync(file, others.map((folder) => `${folder}\n`).join(''));
  };
}

function outsideFolders(instanceFolder: string): string[] {
  const file = path.join(instanceFolder, FOLDERS);
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

/** A file of the user's choice that the instance wrote: it goes with the dead instance while it is still as it was written. */
export function noteOutsideFile(instanceFolder: string, file: string, text: string): void {
  const note: OutsideFile = { file, sha256: sha256Hex(text) };
  appendFileSync(path.join(instanceFolder, FILES), `${JSON.stringify(note)}\n`, { mode: 0o600 });
}

/** Of a dead instance. */
export function removeWhatLiesOutside(instanceFolder: string): void {
  // Never anything but our own kind of folder, and files as they were written, whatever stands there.
  for (const folder of outsideFolders(instanceFolder).filter(isOurs)) rmSync(folder, { recursive: true, force: true });
  for (const { file, sha256 } of outsideFiles(instanceFolder)) if (digestOf(file) === sha256) rmSync(file);
}

interface OutsideFile {
  readonly file: string;
  readonly sha256: string;
}

function outsideFiles(instanceFolder: string): OutsideFile[] {
  try {
    const lines = readFileSync(path.join(instanceFolder, FILES), 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as OutsideFile);
  } catch {
    return [];
  }
}

function digestOf(file: string): string | undefined {
  try {
    return sha256Hex(readFileSync(file));
  } catch {
    return undefined;
  }
}

function isOurs(folder: string): boolean {
  const isPlain = path.resolve(folder) === folder;
  return (
    isPlain && path.basename(folder).startsWith('wavetank-') && path.dirname(folder) === path.resolve(shortTmpdir())
  );
}
