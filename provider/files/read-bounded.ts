import { createHash } from 'node:crypto';
import { WavetankError } from '../../core/errors.ts';

type ByteStream = AsyncIterable<Uint8Array>;

/** @throws WavetankError STREAM_TOO_LARGE past the limit; leaving the loop ends the stream */
export async function readBounded(stream: ByteStream, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** SHA-256 hex and length of a stream, never holding more than a piece of it. */
export async function hashBounded(stream: ByteStream, maxBytes: number): Promise<{ checksum: string; length: number }> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    hash.update(chunk);
  }
  return { checksum: hash.digest('hex'), length };
}

function tooLarge(maxBytes: number): WavetankError {
  return new WavetankError('STREAM_TOO_LARGE', `More than ${maxBytes} bytes.`);
}
