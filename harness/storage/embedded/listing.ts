import type { ObjectEntry } from './object-index.ts';

export interface ListingRequest {
  readonly prefix: string;
  readonly delimiter: string;
  /** Only what comes after this key, or after this common prefix. */
  readonly after: string;
  readonly maxKeys: number;
}

export interface Listing {
  readonly entries: readonly ObjectEntry[];
  readonly commonPrefixes: readonly string[];
  readonly isTruncated: boolean;
  /** The last key or common prefix listed: `after` of the next page. */
  readonly last: string;
}

/** Entries with keys from `from` on, in byte order. */
export type EntrySource = (from: Buffer, limit: number) => readonly ObjectEntry[];

/** When keys may collapse into prefixes, most of a large batch would be read for nothing. */
const BATCH_WITH_DELIMITER = 64;

/**
 * Lists keys in the order of their UTF-8 bytes; what has the delimiter behind the prefix is rolled up and then
 * skipped by seeking, so that a page costs what it shows and not what it hides.
 */
export function listKeys(source: EntrySource, request: ListingRequest): Listing {
  const { prefix, delimiter, maxKeys } = request;
  const entries: ObjectEntry[] = [];
  const commonPrefixes: string[] = [];
  let last = '';
  let from: Buffer | undefined = startOf(request);
  const batchSize = delimiter === '' ? maxKeys + 1 : BATCH_WITH_DELIMITER;
  while (from && maxKeys > 0) {
    const batch: readonly ObjectEntry[] = source(from, batchSize);
    from = undefined;
    for (const entry of batch) {
      if (!entry.key.startsWith(prefix)) return { entries, commonPrefixes, isTruncated: false, last };
      if (entries.length + commonPrefixes.length === maxKeys)
        return { entries, commonPrefixes, isTruncated: true, last };
      const rolledUp = commonPrefixOf(entry.key, prefix, delimiter);
      last = rolledUp ?? entry.key;
      if (rolledUp !== undefined) {
        commonPrefixes.push(rolledUp);
        from = afterAllWith(rolledUp);
        break;
      }
      entries.push(entry);
      from = justAfter(entry.key);
    }
  }
  return { entries, commonPrefixes, isTruncated: false, last };
}

function startOf({ prefix, delimiter, after }: ListingRequest): Buffer {
  const first = Buffer.from(prefix);
  if (after === '') return first;
  const start = commonPrefixOf(after, prefix, delimiter) === after ? afterAllWith(after) : justAfter(after);
  return Buffer.compare(start, first) > 0 ? start : first;
}

function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at === -1 ? undefined : key.slice(0, at + delimiter.length);
}

function justAfter(key: string): Buffer {
  return Buffer.concat([Buffer.from(key), Buffer.from([0])]);
}

/** The smallest bytes above every key that starts with `prefix`: UTF-8 has no byte 0xff, so the last one can rise. */
function afterAllWith(prefix: string): Buffer {
  const bytes = Buffer.from(prefix);
  const end = bytes.length - 1;
  bytes[end] = (bytes[end] ?? 0) + 1;
  return bytes;
}
