import { access, constants, lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

export interface OutputFile {
  /** Relative to outputs, with `/`. */
  readonly path: string;
  readonly size: number;
}

export interface Refused {
  readonly path: string;
  readonly reason: string;
}

export interface OutputLimits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}

const MAX_DEPTH = 32;
const MAX_PATH_BYTES = 900; // an S3 key has 1024 bytes, and the job's prefix needs some
const MAX_REFUSALS = 1000;

/**
 * Every regular file below `root`, whole trees, in the order of their paths; never through a link. What is not published
 * is listed with its reason: nothing is lost silently.
 */
export async function listOutputs(
  root: string,
  limits: OutputLimits,
): Promise<{ files: OutputFile[]; refused: Refused[]; notPublished: number }> {
  const files: OutputFile[] = [];
  const refused: Refused[] = [];
  let bytes = 0;
  let unlisted = 0;
  const refuse = (path: string, reason: string): void => {
    if (refused.length < MAX_REFUSALS) refused.push({ path: printable(path), reason });
    else unlisted++;
  };

  const visit = async (folder: string, depth: number): Promise<void> => {
    for (const name of await sortedNames(join(root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`;
      // The name first: bytes that are no text come as other characters, and under those there is nothing to look at.
      const badName = nameRefusal(path);
      if (badName) {
        refuse(path, badName);
        continue;
      }
      const stat = await lstat(join(root, path));
      const reason = refusalOf(depth, stat) ?? (await unreadable(join(root, path), stat));
      if (reason) refuse(path, reason);
      else if (stat.isDirectory()) await visit(path, depth + 1);
      else if (files.length >= limits.maxFiles) refuse(path, 'too many files');
      else if (bytes + stat.size > limits.maxBytes) refuse(path, 'too many bytes');
      else {
        files.push({ path, size: stat.size });
        bytes += stat.size;
      }
    }
  };
  await visit('', 0);
  const notPublished = refused.length + unlisted;
  if (unlisted > 0) refused.push({ path: '', reason: `${unlisted} more were refused` });
  return { files, refused, notPublished };
}

type Stat = Awaited<ReturnType<typeof lstat>>;

function nameRefusal(path: string): string | undefined {
  if (path.includes('\uFFFD')) return 'the name is not UTF-8';
  if (/\p{Cc}/u.test(path)) return 'control character in the name';
  if (path.includes('\\')) return 'backslash in the name';
  return Buffer.byteLength(path) > MAX_PATH_BYTES ? 'path too long' : undefined;
}

function refusalOf(depth: number, stat: Stat): string | undefined {
  if (stat.isSymbolicLink()) return 'symbolic link';
  if (stat.isDirectory()) return depth >= MAX_DEPTH ? 'too deep' : undefined;
  if (!stat.isFile()) return 'not a regular file';
  return stat.nlink > 1 ? 'hard link' : undefined;
}

/** What the algorithm made unreadable is not published; that keeps nothing else back. */
async function unreadable(path: string, stat: Stat): Promise<string | undefined> {
  const wanted = stat.isDirectory() ? constants.R_OK | constants.X_OK : constants.R_OK;
  return access(path, wanted).then(
    () => undefined,
    () => 'not readable',
  );
}

async function sortedNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of await opendir(folder)) names.push(entry.name);
  return names.sort();
}

function printable(path: string): string {
  return JSON.stringify(path).slice(1, -1).slice(0, 300);
}
