import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './errors.ts';
import type { ObjectEntry } from './object-index.ts';

/** Whether a reader gets the object or hears that it has it already. @throws S3Error PreconditionFailed */
export function readCondition(headers: IncomingHttpHeaders, object: ObjectEntry): 'send' | 'not-modified' {
  const { match, noneMatch, modifiedSince, unmodifiedSince } = conditionsOf(headers, '');
  if (match !== undefined && !hasTag(match, object.etag)) throw failed('If-Match');
  // RFC 9110: the dates count only where there is no tag to compare.
  if (match === undefined && isAfter(object, unmodifiedSince)) throw failed('If-Unmodified-Since');
  if (noneMatch !== undefined) return hasTag(noneMatch, object.etag) ? 'not-modified' : 'send';
  return modifiedSince !== undefined && !isAfter(object, modifiedSince) ? 'not-modified' : 'send';
}

/** The same four conditions on the source of a copy, where each that does not hold is an error. */
export function checkCopySource(headers: IncomingHttpHeaders, object: ObjectEntry): void {
  const prefix = 'x-amz-copy-source-';
  const { match, noneMatch, modifiedSince, unmodifiedSince } = conditionsOf(headers, prefix);
  if (match !== undefined && !hasTag(match, object.etag)) throw failed(`${prefix}if-match`);
  if (match === undefined && isAfter(object, unmodifiedSince)) throw failed(`${prefix}if-unmodified-since`);
  if (noneMatch !== undefined && hasTag(noneMatch, object.etag)) throw failed(`${prefix}if-none-match`);
  if (noneMatch === undefined && modifiedSince !== undefined && !isAfter(object, modifiedSince)) {
    throw failed(`${prefix}if-modified-since`);
  }
}

/** Conditional writes: call it in the same tick as the write. @throws S3Error PreconditionFailed, NoSuchKey, NotImplemented */
export function checkWrite(headers: IncomingHttpHeaders, current: ObjectEntry | undefined): void {
  const { match, noneMatch } = conditionsOf(headers, '');
  if (noneMatch !== undefined) {
    if (noneMatch !== '*') throw new S3Error('NotImplemented', 'A write takes If-None-Match with * only.');
    if (current) throw failed('If-None-Match');
  }
  if (match === undefined) return;
  if (!current) throw new S3Error('NoSuchKey');
  if (!hasTag(match, current.etag)) throw failed('If-Match');
}

/** Whether a range holds for what the client has: If-Range names a tag or a date. */
export function isRangeWanted(headers: IncomingHttpHeaders, object: ObjectEntry): boolean {
  const ifRange = headers['if-range'];
  if (typeof ifRange !== 'string') return true;
  const at = Date.parse(ifRange);
  return Number.isNaN(at) ? hasTag(ifRange, object.etag) : !isAfter(object, at);
}

function conditionsOf(
  headers: IncomingHttpHeaders,
  prefix: string,
): {
  match: string | undefined;
  noneMatch: string | undefined;
  modifiedSince: number | undefined;
  unmodifiedSince: number | undefined;
} {
  const text = (name: string): string | undefined => {
    const value = headers[`${prefix}${name}`];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    match: text('if-match'),
    noneMatch: text('if-none-match'),
    modifiedSince: dateOf(text('if-modified-since')),
    unmodifiedSince: dateOf(text('if-unmodified-since')),
  };
}

/** RFC 9110: a date that cannot be read is as good as none. */
function dateOf(text: string | undefined): number | undefined {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? undefined : at;
}

function hasTag(header: string, etag: string): boolean {
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', ''));
  return tags.includes('*') || tags.includes(etag);
}

/** HTTP dates have whole seconds. */
function isAfter(object: ObjectEntry, at: number | undefined): boolean {
  return at !== undefined && Math.floor(object.modifiedMs / 1000) * 1000 > at;
}

function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', undefined, { facts: { Condition: condition } });
}
