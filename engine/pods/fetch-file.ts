import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { BrokerClient } from './broker-client.ts';
import { startSha256 } from './sha256.ts';

export interface FetchedFile {
  readonly bytes: number;
  readonly sha256: string;
  /** False when nobody said what the checksum should be. */
  readonly verified: boolean;
}

export class ChecksumMismatch extends Error {
  readonly code = 'CHECKSUM_MISMATCH';
}

/**
 * Streams one file through the broker to `target`: into `target.part` first, so that a half file never stands under the
 * real name; a broken stream goes on where it stopped (Range). The bytes on disk are the ones that were hashed.
 */
export async function fetchFile(
  broker: BrokerClient,
  path: string,
  target: string,
  expected: { readonly checksum?: string; readonly contentLength?: number },
): Promise<FetchedFile> {
  const partial = `${target}.part`;
  const file = await open(partial, 'w', 0o644);
  const hash = startSha256();
  let received = 0;
  try {
    await broker.call(
      {
        method: 'GET',
        path,
        get headers() {
          return rangeFrom(received);
        },
      },
      async (answer) => {
        if (received > 0 && answer.statusCode !== 206) throw new Error('the broker cannot resume this file');
        for await (const chunk of answer as AsyncIterable<Buffer>) {
          await writeAll(file, chunk, received);
          hash.update(chunk);
          received += chunk.length;
        }
      },
    );
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  const sha256 = hash.digest('hex');
  if (expected.checksum !== undefined && expected.checksum.toLowerCase() !== sha256) {
    await rm(partial, { force: true });
    throw new ChecksumMismatch('The bytes received are not the bytes that were approved.');
  }
  await rename(partial, target);
  return { bytes: received, sha256, verified: expected.checksum !== undefined };
}

function rangeFrom(received: number): Record<string, string> {
  return received > 0 ? { range: `bytes=${received}-` } : {};
}

async function writeAll(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let written = 0; written < chunk.length;) {
    written += (await file.write(chunk, written, chunk.length - written, position + written)).bytesWritten;
  }
}
