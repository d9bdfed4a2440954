import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Entropy } from '../../core/entropy.ts';
import { randomHex } from '../../core/entropy.ts';
import { closeServer, listen } from '../../core/http-listen.ts';
import { runningResource } from '../../core/resource.ts';
import type { FileContent, FilesHost, HostedFile } from './files-host.ts';

export interface FilesHostOptions {
  readonly name: string;
  readonly entropy: Entropy;
  readonly port?: number;
}

interface Entry {
  readonly name: string;
  readonly secret: string;
  content: FileContent;
  /** Takes the place of `content` once it was answered. */
  next: FileContent | undefined;
  readonly requests: { get: number; head: number };
}

/** Bytes of the unguessable part: nobody finds it by trying. */
const SECRET_BYTES = 16;

/** A static file server on loopback whose URLs cannot be guessed. Supports HEAD and single ranges, and streams. */
export async function startFilesHost({ name, entropy, port = 0 }: FilesHostOptions): Promise<FilesHost> {
  const entries = new Map<string, Entry>();
  let strays = 0;
  const server = createServer((request, response) => {
    const secret = /^\/f\/([0-9a-f]+)\//.exec(request.url ?? '')?.[1] ?? '';
    const entry = entries.get(secret);
    if (!entry) {
      strays++;
      response.writeHead(404).end();
      return;
    }
    // A reader that goes away is its own affair.
    answer(entry, request, response).catch(() => response.destroy());
  });
  const { host, port: actualPort } = await listen(server, { port });
  const url = `http://${host}:${actualPort}`;
  const facts = {
    name,
    url,
    publish(fileName: string, content: FileContent): HostedFile {
      const entry: Entry = {
        name: fileName,
        secret: randomHex(entropy, SECRET_BYTES),
        content,
        next: undefined,
        requests: { get: 0, head: 0 },
      };
      entries.set(entry.secret, entry);
      return {
        name: fileName,
        url: `${url}/f/${entry.secret}/${encodeURIComponent(fileName)}`,
        setContent(changed) {
          entry.content = changed;
          entry.next = undefined;
        },
        changeAfterNextGet: (changed) => void (entry.next = changed),
        requests: () => ({ ...entry.requests }),
      };
    },
    secrets: () => [...entries.keys()],
    strayRequests: () => strays,
  };
  return runningResource(facts, () => closeServer(server));
}

async function answer(entry: Entry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const isHead = request.method === 'HEAD';
  if (!isHead && request.method !== 'GET') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  entry.requests[isHead ? 'head' : 'get']++;
  // Taken once: a change of content in the middle of an answer must not mix two files.
  const { content } = entry;
  if (!isHead && entry.next !== undefined) {
    entry.content = entry.next;
    entry.next = undefined;
  }
  const size = await sizeOf(content);
  const range = rangeOf(request.headers.range, size);
  const headers = { 'accept-ranges': 'bytes', 'content-type': contentType(entry.name) };
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${size}` }).end();
    return;
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  response.writeHead(range ? 206 : 200, {
    ...headers,
    'content-length': String(last - first + 1),
    ...(range ? { 'content-range': `bytes ${first}-${last}/${size}` } : {}),
  });
  if (isHead || size === 0) {
    response.end();
    return;
  }
  await pipeline(streamOf(content, first, last), response);
}

async function sizeOf(content: FileContent): Promise<number> {
  if (typeof content === 'string') return Buffer.byteLength(content);
  return content instanceof Uint8Array ? content.length : (await stat(content.path)).size;
}

function streamOf(content: FileContent, first: number, last: number): Readable {
  if (typeof content === 'object' && 'path' in content)
    return createReadStream(content.path, { start: first, end: last });
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : Buffer.from(content);
  return Readable.from([bytes.subarray(first, last + 1)], { objectMode: false });
}

/** RFC 9110: a single `bytes` range; several, or a malformed one, are passed over. */
function rangeOf(
  header: string | undefined,
  size: number,
): { first: number; last: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, from = '', to = ''] = match;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(size - 1, Number(to));
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  return first > last || first >= size ? 'unsatisfiable' : { first, last };
}

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  json: 'application/json',
  js: 'text/javascript',
  cjs: 'text/javascript',
};

function contentType(name: string): string {
  return TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
}
