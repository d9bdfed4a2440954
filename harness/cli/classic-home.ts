import { existsSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { makeFolder } from '../../core/make-folder.ts';
import type { ProcessOwner } from '../../core/process/process-owner.ts';
import { stateOf, thisProcess } from '../../core/process/process-owner.ts';
import { sha256Hex } from '../../core/protocol/hashing.ts';
import { writePrivateFile } from '../testbed/endpoints.ts';
import { unwritable } from '../testbed/instance-folder.ts';

/** The files of the classic network that scripts wait for and read. */
export interface ClassicFiles {
  /** Empty, and there when everything is ready. */
  readonly ready: readonly string[];
  readonly addresses: string;
}

/** What the home folder was like, written down before it is changed: a killed network leaves it to `wavetank down`, or to the next one. */
interface Note extends ClassicFiles {
  readonly owner: ProcessOwner;
  /** The address file of before, in base64; absent where there was none. */
  readonly before?: string;
  /** Digest of the address file that the network wrote; absent until it is ready. */
  readonly written?: string;
  /** The deepest first. */
  readonly missingFolders: readonly string[];
}

/**
 * Notes how it is, and takes away what another network has left that would tell a script to begin.
 * @throws WavetankError STATE_UNWRITABLE (environment)
 */
export function borrowClassicHome(stateRoot: string, files: ClassicFiles): void {
  restoreClassicHome(stateRoot);
  const before = readIfThere(files.addresses)?.toString('base64');
  const note: Note = {
    ...files,
    owner: thisProcess(),
    ...(before === undefined ? {} : { before }),
    missingFolders: [...files.ready, files.addresses].flatMap(missingFoldersOf),
  };
  try {
    makeFolder(stateRoot);
    writeNote(stateRoot, note);
  } catch (error) {
    throw unwritable(stateRoot, error);
  }
  for (const file of files.ready) rmSync(file, { force: true });
}

/** Tells the scripts that wait. */
export function tellClassicScripts(stateRoot: string, files: ClassicFiles): void {
  const note = readNote(noteFile(stateRoot));
  const written = digestOf(files.addresses);
  if (note !== undefined && written !== undefined) writeNote(stateRoot, { ...note, written });
  for (const file of files.ready) {
    makeFolder(path.dirname(file));
    writeFileSync(file, '');
  }
}

/** Makes the home folder what it was, where this process has borrowed it, or one that is dead: then true. */
export function restoreClassicHome(stateRoot: string): boolean {
  const ours = notesIn(stateRoot).flatMap((file) => {
    const note = readNote(file);
    return note !== undefined && isOursToRestore(note.owner) ? [{ file, note }] : [];
  });
  for (const { file, note } of ours) {
    restore(note);
    rmSync(file, { force: true });
  }
  return ours.length > 0;
}

function restore({ ready, addresses, before, written, missingFolders }: Note): void {
  // An address file that changed since is somebody else's, and so is what stands beside it.
  if (written !== undefined && written !== digestOf(addresses)) return;
  for (const file of ready) rmSync(file, { force: true });
  if (before === undefined) rmSync(addresses, { force: true });
  else writeFileSync(addresses, Buffer.from(before, 'base64'));
  for (const folder of missingFolders) removeIfEmpty(folder);
}

function isOursToRestore(owner: ProcessOwner): boolean {
  return isDeepStrictEqual(owner, thisProcess()) || stateOf(owner) === 'dead';
}

const NOTE = /^classic-home\.\d*\.json$/;

/** One for each container that has this folder: each has ports, and a home, of its own. */
function noteFile(stateRoot: string): string {
  return path.join(stateRoot, `classic-home.${thisProcess().pidNamespace}.json`);
}

function notesIn(stateRoot: string): string[] {
  if (!existsSync(stateRoot)) return [];
  return readdirSync(stateRoot)
    .filter((name) => NOTE.test(name))
    .map((name) => path.join(stateRoot, name));
}

function writeNote(stateRoot: string, note: Note): void {
  writePrivateFile(noteFile(stateRoot), JSON.stringify(note));
}

/** Undefined where there is none, or none that anybody could read. */
function readNote(file: string): Note | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Note;
  } catch {
    return undefined;
  }
}

/** Folders that are to be made for a file, the deepest first. */
function missingFoldersOf(file: string): string[] {
  const folder = path.dirname(file);
  return existsSync(folder) ? [] : [folder, ...missingFoldersOf(folder)];
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Never made, or somebody else has put something there.
  }
}

function digestOf(file: string): string | undefined {
  const content = readIfThere(file);
  return content === undefined ? undefined : sha256Hex(content);
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
