import { createRequire } from 'node:module';
import type * as xzDecompress from 'xz-decompress';
import { WavetankError } from '../errors.ts';
import { sha256Hex } from './hashing.ts';

/** Bits of `flags` in a metadata event: first compressed, then encrypted; decoding goes the other way. */
export const METADATA_FLAGS = { compressed: 1, encrypted: 2 } as const;

const MAX_DOCUMENT_BYTES = 10 * 1024 * 1024;

/** A CommonJS package whose exports Node cannot name at import; loaded with the first compressed document. */
function loadXz(): typeof xzDecompress {
  return createRequire(import.meta.url)('xz-decompress') as typeof xzDecompress;
}

/**
 * Unpacks an XZ document.
 * @throws WavetankError DOCUMENT_TOO_LARGE past 10 MiB (a few bytes of XZ can hold gigabytes), DOCUMENT_NOT_XZ otherwise
 */
export async function decompressXz(data: Uint8Array): Promise<Uint8Array> {
  const { XzReadableStream } = loadXz();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of new XzReadableStream(
      new Blob([new Uint8Array(data)]).stream(),
    ) as unknown as AsyncIterable<Uint8Array>) {
      length += part.length;
      if (length > MAX_DOCUMENT_BYTES)
        throw new WavetankError('DOCUMENT_TOO_LARGE', 'The unpacked document is larger than 10 MiB.');
      parts.push(Uint8Array.from(part));
    }
  } catch (cause) {
    if (cause instanceof WavetankError) throw cause;
    throw new WavetankError('DOCUMENT_NOT_XZ', 'The document is not a complete XZ stream.', { cause });
  }
  return new Uint8Array(Buffer.concat(parts));
}

/**
 * Whether `hash` (0x hex from the chain) is the document's. Provider and Aquarius hash the plain bytes; ocean.js' helper
 * for unencrypted documents hashes the text of their 0x hex instead, which is accepted for flags 0 only.
 */
export function isDocumentHash(document: Uint8Array, hash: string, flags: number): boolean {
  const expected = hash.replace(/^0x/i, '').toLowerCase();
  if (sha256Hex(document) === expected) return true;
  return flags === 0 && sha256Hex(`0x${Buffer.from(document).toString('hex')}`) === expected;
}
