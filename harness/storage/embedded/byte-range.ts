import { S3Error } from './errors.ts';

/** Bytes from `start` up to and without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The range that a Range header asks of `size` bytes; undefined means the whole object, also for a header that is
 * no range at all (RFC 9110 has it ignored, and so does the real service).
 * @throws S3Error InvalidRange, NotImplemented (several ranges)
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  if (/^bytes=.*,/.test(header))
    throw new S3Error('NotImplemented', 'Only one range per request is served.', { facts: { Header: 'Range' } });
  const parts = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  const [first, last] = [parts?.[1] ?? '', parts?.[2] ?? ''];
  if (first === '' && last === '') return undefined;
  const range =
    first === ''
      ? { start: Math.max(0, size - Number(last)), end: size }
      : { start: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1) };
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (range.start >= size || range.end <= range.start) {
    throw new S3Error('InvalidRange', undefined, {
      facts: { RangeRequested: header, ActualObjectSize: String(size) },
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  return range;
}

/** `bytes=first-last` as x-amz-copy-source-range has it: both ends given and inside the source. */
export function parseCopyRange(header: string, size: number): ByteRange {
  const parts = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header);
  const [start, end] = [Number(parts?.[1] ?? Number.NaN), Number(parts?.[2] ?? Number.NaN) + 1];
  if (!(start < end) || end > size) {
    throw new S3Error('InvalidArgument', `The range ${header} is not valid for a source of ${size} bytes.`);
  }
  return { start, end };
}
