import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { Native } from '../../core/native.ts';
import type { Mirror } from '../config.ts';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { ByteRange } from './byte-range.ts';
import { resolveRange } from './byte-range.ts';
import { guarded } from './guarded.ts';
import type { OpenedFile } from './opened-file.ts';
import { filenameOf } from './opened-file.ts';

/** Answers for an outside URL from a local directory; undefined when no mirror has its prefix. The longest prefix wins. */
export async function openMirrored(
  mirrors: readonly Mirror[],
  url: string,
  range: ByteRange | undefined,
  native: Native,
): Promise<Checked<OpenedFile> | undefined> {
  const [mirror] = mirrors
    .filter(({ prefix }) => url.startsWith(prefix))
    .toSorted((a, b) => b.prefix.length - a.prefix.length);
  if (!mirror) return undefined;
  const file = await native.run(() => findFile(mirror, url));
  if (!file) {
    return refuse({
      code: 'FILE_UNREACHABLE',
      field: 'fileIndex',
      rule: 'file.reachable',
      message: 'The file is not in the mirror that answers for its address.',
      classic: 'Asset URL not found, not available or invalid.',
    });
  }
  const facts = { contentType: undefined, filename: filenameOf(url), totalLength: file.size };
  const wanted = range && resolveRange(range, file.size);
  if (range && !wanted) {
    return passed({
      ...facts,
      status: 416,
      contentLength: 0,
      contentRange: `bytes */${file.size}`,
      body: Readable.from([]),
    });
  }
  if (!wanted) {
    return passed({
      ...facts,
      status: 200,
      contentLength: file.size,
      contentRange: undefined,
      body: guarded(createReadStream(file.path)),
    });
  }
  return passed({
    ...facts,
    status: 206,
    contentLength: wanted.end - wanted.start + 1,
    contentRange: `bytes ${wanted.start}-${wanted.end}/${file.size}`,
    body: guarded(createReadStream(file.path, wanted)),
  });
}

/** The file under the mirror's directory; links and dots that lead out of it lead nowhere. */
async function findFile(mirror: Mirror, url: string): Promise<{ path: string; size: number } | undefined> {
  try {
    const rest = url.slice(mirror.prefix.length).split(/[?#]/)[0] ?? '';
    const root = await realpath(mirror.dir);
    const found = await realpath(path.join(root, decodeURIComponent(rest)));
    if (!found.startsWith(root + path.sep)) return undefined;
    const facts = await stat(found);
    return facts.isFile() ? { path: found, size: facts.size } : undefined;
  } catch {
    return undefined; // not there, unreadable or no valid path: the caller says that the file is not in the mirror
  }
}
