import { brotliDecompressSync, constants, inflateRawSync } from 'node:zlib';
import type { PackedKind } from './unpacker.ts';

export interface PackedStart {
  readonly at: number;
  readonly kind: PackedKind;
  /** Bytes from `at` to the packed data. */
  readonly skip: number;
}

/** How many bytes from a mark on are needed to judge it; a gzip or zip header with a longer name is taken on trust. */
export const LOOKAHEAD = 512;

const TRIAL_BYTES = 64;

/** Marks of packed streams at positions below `limit`, each tried on its first bytes: two bytes alone occur by chance in any data. */
export function* packedStarts(bytes: Buffer, limit: number): Generator<PackedStart, void, undefined> {
  for (let at = 0; at < limit; at++) {
    const skip = headerAt(bytes, at);
    if (skip !== undefined) yield { at, ...skip };
  }
}

function headerAt(bytes: Buffer, at: number): { kind: PackedKind; skip: number } | undefined {
  switch (bytes[at]) {
    case 0x1f: {
      if (bytes[at + 1] !== 0x8b || bytes[at + 2] !== 8) return undefined;
      const skip = gzipHeaderLength(bytes, at);
      return skip !== undefined && inflates(bytes, at + skip) ? { kind: 'gzip', skip } : undefined;
    }
    case 0x78: {
      const flags = bytes[at + 1] ?? 0;
      const isHeader = (0x7800 + flags) % 31 === 0 && (flags & 0x20) === 0;
      return isHeader && inflates(bytes, at + 2) ? { kind: 'zlib', skip: 2 } : undefined;
    }
    case 0x28:
      return at + 4 <= bytes.length && bytes.readUInt32BE(at) === 0x28b52ffd ? { kind: 'zstd', skip: 0 } : undefined;
    case 0x50: {
      if (at + 30 > bytes.length || bytes.readUInt32BE(at) !== 0x504b0304 || bytes.readUInt16LE(at + 8) !== 8)
        return undefined;
      return { kind: 'zip', skip: 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28) };
    }
    default:
      return undefined;
  }
}

/** RFC 1952: ten bytes, then extra field, name, comment and header checksum as the flags say. */
function gzipHeaderLength(bytes: Buffer, at: number): number | undefined {
  const flags = bytes[at + 3] ?? 0;
  if (flags >= 0x20) return undefined;
  let end = at + 10;
  if (flags & 4) end += 2 + (end + 2 <= bytes.length ? bytes.readUInt16LE(end) : 0);
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const zero = bytes.indexOf(0, end);
    if (zero < 0) return undefined;
    end = zero + 1;
  }
  if (flags & 2) end += 2;
  return end - at;
}

function inflates(bytes: Buffer, from: number): boolean {
  const trial = bytes.subarray(from, from + TRIAL_BYTES);
  // A header that is longer than what can be seen is taken on trust.
  if (trial.length === 0) return true;
  return startsAsDeflate(trial);
}

export function startsAsDeflate(trial: Buffer): boolean {
  if (!hasDeflateHeader(trial)) return false;
  try {
    inflateRawSync(trial, { finishFlush: constants.Z_SYNC_FLUSH });
    return true;
  } catch {
    return false;
  }
}

/** RFC 1951, 3.2.3: what the first block's header rules out need not be tried, and a failed trial is dear. */
function hasDeflateHeader(trial: Buffer): boolean {
  const [first = 0, second = 0] = trial;
  switch ((first >> 1) & 3) {
    case 0: // stored: a length and its complement
      return trial.length < 5 || (trial.readUInt16LE(1) ^ trial.readUInt16LE(3)) === 0xffff;
    case 1: // fixed codes
      return true;
    case 2: // own codes: at most 286 for lengths, 30 for distances
      return first >> 3 <= 29 && (trial.length < 2 || (second & 31) <= 29);
    default:
      return false;
  }
}

export function startsAsBrotli(trial: Buffer): boolean {
  try {
    brotliDecompressSync(trial, { finishFlush: constants.BROTLI_OPERATION_FLUSH });
    return true;
  } catch {
    return false;
  }
}
