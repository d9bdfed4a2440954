import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { PublishedFile, StoredBytes } from '../api/broker-http.ts';
import type { BrokerClient } from './broker-client.ts';
import { startSha256 } from './sha256.ts';

const PARALLEL_UPLOADS = 4;
const CHUNK_BYTES = 256 * 1024;

/** What to send, where from and where to. */
export interface Upload {
  readonly type: PublishedFile['type'];
  /** Path relative to outputs, as the consumer will see it. */
  readonly path: string;
  readonly source: string;
  readonly route: string;
  readonly size: number;
}

/** A few at a time: many small files must not wait for one another, and memory stays bounded. Results are in the order asked. */
export async function uploadAll(broker: BrokerClient, uploads: readonly Upload[]): Promise<PublishedFile[]> {
  const done: PublishedFile[] = [];
  const waiting = uploads.entries();
  const worker = async (): Promise<void> => {
    for (const [i, one] of waiting) done[i] = await upload(broker, one);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_UPLOADS, uploads.length) }, worker));
  return done;
}

/** What the broker stored must be what lies on the volume, byte for byte. */
async function upload(broker: BrokerClient, { type, path, source, route, size }: Upload): Promise<PublishedFile> {
  // O_NOFOLLOW: nothing swaps a file for a link between the listing and the reading.
  const file = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    let sha256 = '';
    const stored = await broker.json<StoredBytes>({
      method: 'PUT',
      path: route,
      headers: { 'content-length': String(size), 'content-type': 'application/octet-stream' },
      body: () => Readable.from(chunksOf(file, size, (digest) => (sha256 = digest))),
    });
    if (stored.sha256 !== sha256)
      throw Object.assign(new Error('The broker stored other bytes.'), { code: 'UPLOAD_DIFFERS' });
    return { path, bytes: size, sha256, type };
  } finally {
    await file.close();
  }
}

/** Says the digest before it gives the last chunk: the broker may answer as soon as it has that one. */
async function* chunksOf(
  file: Awaited<ReturnType<typeof open>>,
  size: number,
  onDigest: (sha256: string) => void,
): AsyncGenerator<Buffer> {
  const hash = startSha256();
  let position = 0;
  while (position < size) {
    const room = Buffer.alloc(Math.min(CHUNK_BYTES, size - position));
    const { bytesRead } = await file.read(room, 0, undefined, position);
    if (bytesRead === 0) throw new Error('an output became shorter while it was read');
    const chunk = room.subarray(0, bytesRead);
    hash.update(chunk);
    position += bytesRead;
    if (position < size) yield chunk;
    else {
      onDigest(hash.digest('hex'));
      yield chunk;
      return;
    }
  }
  onDigest(hash.digest('hex'));
}
