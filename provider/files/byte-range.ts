import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';

/** One range of a file; `end` inclusive and absent for "to the end"; `suffix` = the last n bytes. */
export type ByteRange = { readonly start: number; readonly end?: number } | { readonly suffix: number };

/** A single range of bytes; undefined for anything else, which RFC 9110 lets a server ignore. */
export function parseRange(header: string | undefined): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec((header ?? '').replaceAll(' ', ''));
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' || Number(last) === 0 ? undefined : { suffix: Number(last) };
  if (last === '') return { start: Number(first) };
  return Number(last) < Number(first) ? undefined : { start: Number(first), end: Number(last) };
}

/** The range inside a file of `length` bytes; undefined when nothing of it lies there (416). */
export function resolveRange(
  range: ByteRange,
  length: number,
): { readonly start: number; readonly end: number } | undefined {
  if ('suffix' in range)
    return length === 0 ? undefined : { start: Math.max(0, length - range.suffix), end: length - 1 };
  if (range.start >= length) return undefined;
  return { start: range.start, end: Math.min(range.end ?? length - 1, length - 1) };
}

export function formatRange(range: ByteRange): string {
  return 'suffix' in range ? `bytes=-${range.suffix}` : `bytes=${range.start}-${range.end ?? ''}`;
}

/**
 * The bytes of `source` from `start` to `end` (inclusive), for hosts that know no ranges. With the last of them the source
 * is given up: what lies behind is not read.
 */
export function sliceOf(source: Readable, start: number, end: number): Readable {
  let position = 0;
  const slice = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const from = Math.max(0, start - position);
      const to = Math.min(chunk.length, end + 1 - position);
      position += chunk.length;
      if (position > end && !slice.writableEnded) finish();
      done(null, from < to ? chunk.subarray(from, to) : undefined);
    },
  });
  const breakOff = (error: Error): void => void slice.destroy(error);
  function finish(): void {
    source.off('error', breakOff).unpipe(slice);
    slice.end();
    source.destroy();
  }
  source.once('error', breakOff);
  slice.once('close', () => source.destroy());
  return source.pipe(slice);
}
