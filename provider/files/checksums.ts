import { isWavetankError } from '../../core/errors.ts';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { FileObject } from './file-object.ts';
import type { FileSource } from './file-source.ts';
import { hashBounded } from './read-bounded.ts';

export interface FileDigest {
  /** SHA-256 hex of the bytes. */
  readonly checksum: string;
  readonly length: number;
}

export interface HashOptions {
  readonly maxBytes: number;
  readonly userdata?: Readonly<Record<string, unknown>> | undefined;
}

/** One request, hashed on the way, given up past the limit (D7: the classic Provider asked up to three times). */
export async function hashFile(
  source: FileSource,
  file: FileObject,
  { maxBytes, userdata }: HashOptions,
): Promise<Checked<FileDigest>> {
  const opened = await source.open(file, { userdata, isReadHere: true });
  if (!opened.ok) return opened;
  const { body, contentLength } = opened.value;
  if (contentLength !== undefined && contentLength > maxBytes) {
    body.destroy();
    return tooLarge(maxBytes);
  }
  try {
    const digest = await hashBounded(body, maxBytes);
    if (contentLength !== undefined && contentLength !== digest.length) return cutShort();
    return passed(digest);
  } catch (error) {
    return isWavetankError(error, 'STREAM_TOO_LARGE') ? tooLarge(maxBytes) : cutShort();
  }
}

function tooLarge(maxBytes: number): Checked<never> {
  return refuse({
    code: 'FILE_TOO_LARGE',
    field: 'fileIndex',
    rule: 'file.size',
    message: `The file is larger than the ${maxBytes} bytes that this Provider reads for a checksum.`,
    classic: 'file_unavailable',
  });
}

function cutShort(): Checked<never> {
  return refuse({
    code: 'FILE_UNREACHABLE',
    field: 'fileIndex',
    rule: 'file.reachable',
    message: 'The file ended early.',
    classic: 'file_unavailable',
  });
}
