import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { StoredBytes } from '../api/broker-http.ts';
import type { BrokerClient } from './broker-client.ts';
import type { OutputFile } from './list-outputs.ts';

const PARALLEL_UPLOADS = 4;
const CHUNK_BYTES = 256 * 1024;

/** A few at a time: many small files must not wait for one another, and memory stays bounded. */
export async function uploadAll(
  files: readonly OutputFile[],
  uploadOne: (file: OutputFile) => Promise<void>,
): Promise<void> {
  const waiting = files.values();
  const worker = async (): Promise<void> => {
    for (const file of waiting) await uploadOne(file);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_UPLOADS, files.length) }, worker));
}

/** What the broker stored must be what lies on the volume, byte for byte. */
export async function upload(broker: BrokerClient, route: string, path: string, size: number): Promise<void> {
  // O_NOFOLLOW: nothing swaps a file for a link between the listing and the reading.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    let sha256 = '';
    const stored = await broker.json<StoredBytes>({
      method: 'PUT',
      path: route,
      headers: { 'content-length': String(size), 'content-type': 'application/octet-stream' },
      body: () => {
        const hash = createHash('sha256');
        return Readable.from(
          chunksOf(
            file,
            size,
            (chunk) => hash.update(chunk),
            () => (sha256 = hash.digest('hex')),
          ),
        );
      },
    });
    if (stored.sha256 !== sha256)
      throw Object.assign(new Error('The broker stored other bytes.'), { code: 'UPLOAD_DIFFERS' });
  } finally {
    await file.close();
  }
}

async function* chunksOf(
  file: Awaited<ReturnType<typeof open>>,
  size: number,
  onChunk: (chunk: Buffer) => void,
  onEnd: () => void,
): AsyncGenerator<Buffer> {
  for (let position = 0; position < size;) {
    const { bytesRead, buffer } = await file.read(
      Buffer.alloc(Math.min(CHUNK_BYTES, size - position)),
      0,
      undefined,
      position,
    );
    if (bytesRead === 0) throw new Error('an output became shorter while it was read');
    const chunk = buffer.subarray(0, bytesRead);
    onChunk(chunk);
    position += bytesRead;
    yield chunk;
  }
  onEnd();
}
