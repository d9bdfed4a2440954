import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Dice } from '../dice.ts';
import type { S3Body } from './step.ts';

/** Few, so that requests meet each other's objects. */
const KEYS = [
  'a',
  'b',
  'dir/a',
  'dir/b',
  'dir/sub/c',
  'dir/sub/d',
  'e f',
  'g+h',
  'ü/ö',
  '%41',
  'x&<y>"\'',
  '~t*(c)!',
  '\u{1f30a}',
];
/** What some services refuse, or read as something else. */
const ODD_KEYS = [
  'folder/',
  'c//d',
  './c',
  'c/../d',
  'k'.repeat(1024),
  'k'.repeat(1025),
  'ctl\u0001',
  '..',
  'é',
  'y'.repeat(256),
];

export function someKey(dice: Dice): string {
  return dice.chance(2) ? dice.pick(ODD_KEYS) : dice.pick(KEYS);
}

/** Nearly always the sequence's own buckets, and now and then one that is not there. */
export function someBucket(dice: Dice): string {
  return dice.weighted([
    [90, '{bucket}'],
    [7, '{other}'],
    [3, '{bucket}-none'],
  ]);
}

export function someContent(dice: Dice): S3Body & { form: 'filler' } {
  const size = dice.weighted([
    [10, 0],
    [60, 1 + dice.below(200)],
    [25, 1000 + dice.below(20_000)],
    [5, 200_000 + dice.below(200_000)],
  ]);
  return { form: 'filler', size, byte: dice.below(256) };
}

export function bytesOf({ size, byte }: { readonly size: number; readonly byte: number }): Buffer {
  return Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_none, index) => (index + byte) % 256)));
}

export function md5Base64(data: Buffer | string): string {
  return createHash('md5').update(data).digest('base64');
}

export function crc32Base64(data: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(data));
  return bytes.toString('base64');
}

/** The four conditions of HTTP, one or two at a time. `prefix` is that of a copy's source. */
export function someConditions(dice: Dice, key: string, prefix = ''): Record<string, string> {
  const one = (): [string, string] =>
    dice.pick<[string, string]>([
      [`${prefix}if-match`, `{etag:${key}}`],
      [`${prefix}if-match`, '"00000000000000000000000000000000"'],
      [`${prefix}if-none-match`, `{etag:${key}}`],
      [`${prefix}if-none-match`, '"00000000000000000000000000000000"'],
      [`${prefix}if-modified-since`, 'Mon, 01 Jan 2001 00:00:00 GMT'],
      [`${prefix}if-modified-since`, 'Fri, 01 Jan 2100 00:00:00 GMT'],
      [`${prefix}if-unmodified-since`, 'Mon, 01 Jan 2001 00:00:00 GMT'],
      [`${prefix}if-unmodified-since`, 'Fri, 01 Jan 2100 00:00:00 GMT'],
    ]);
  return Object.fromEntries(dice.chance(25) ? [one(), one()] : [one()]);
}

/** What is kept with an object. */
export function someAttributes(dice: Dice): Record<string, string> {
  const all: [string, string][] = [
    ['content-type', dice.pick(['text/csv', 'application/x-lab; v=1', 'binary/octet-stream'])],
    ['cache-control', 'no-store'],
    ['content-disposition', 'attachment; filename="x.csv"'],
    ['content-language', 'de'],
    ['content-encoding', 'gzip'],
    ['expires', 'Fri, 01 Jan 2100 00:00:00 GMT'],
    ['x-amz-meta-lab', dice.pick(['eu', 'us', '', 'with spaces'])],
    ['x-amz-meta-upper', 'Case'],
    ['x-amz-storage-class', 'STANDARD'],
  ];
  return Object.fromEntries(all.filter(() => dice.chance(12)));
}
