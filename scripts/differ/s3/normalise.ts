import { createHash } from 'node:crypto';
import type { RawAnswer } from '../../../harness/storage/signed-request.ts';
import { xmlOf } from '../../../harness/storage/signed-request.ts';
import type { S3Answer, S3Step } from './step.ts';

/** What clients read of an answer's head. */
const HEADERS =
  /^(etag|content-type|content-range|cache-control|content-disposition|content-encoding|content-language|expires|location|x-amz-meta-.*|x-amz-checksum-.*)$/;
/** Where there is a body, its length is compared by itself; HEAD has none. */
const OF_OBJECTS = /^(accept-ranges|content-length)$/;
/** Other times for each server, and of no use but to be times. */
const TIMES = new Set(['LastModified', 'Initiated', 'CreationDate']);
/** Names that a server gives as it likes. */
const OWN_NAMES = new Set([
  'UploadId',
  'NextContinuationToken',
  'ContinuationToken',
  'NextMarker',
  'Marker',
  'ID',
  'DisplayName',
  'Location',
]);

/** Takes out of an answer what no two servers can have in common. */
export function normalise(step: S3Step, answer: RawAnswer, sequenceBucket: string): S3Answer {
  const isDocument =
    answer.status >= 300 || (step.operation !== 'GetObject' && String(answer.headers['content-type']).includes('xml'));
  return {
    code: answer.status,
    headers: headersOf(step, answer, isDocument),
    body: bodyOf(answer, isDocument, sequenceBucket),
  };
}

function headersOf(step: S3Step, { headers, status }: RawAnswer, isDocument: boolean): Record<string, string> {
  const isObject = step.operation === 'GetObject' && status < 300;
  const kept = Object.entries(headers).filter(
    ([name]) => (isObject && OF_OBJECTS.test(name)) || (HEADERS.test(name) && !(isDocument && name === 'content-type')),
  );
  const found = Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
  if (headers['last-modified'] !== undefined) found['last-modified'] = 'a time';
  return found;
}

function bodyOf({ body, status }: RawAnswer, isDocument: boolean, sequenceBucket: string): unknown {
  if (body.length === 0) return '';
  if (!isDocument) return { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
  const tree = xmlOf({ status, headers: {}, body });
  const error = tree['Error'] as { readonly Code?: unknown } | undefined;
  if (error !== undefined) return { Error: error.Code };
  return cleaned('', tree, sequenceBucket);
}

function cleaned(name: string, value: unknown, sequenceBucket: string): unknown {
  if (TIMES.has(name)) return 'a time';
  if (OWN_NAMES.has(name)) return value === '' ? '' : 'a name';
  // Buckets of other sequences come and go meanwhile.
  if (name === 'Bucket' && typeof value !== 'string') {
    const own = [value].flat().filter((one) => String((one as { Name?: unknown }).Name).startsWith(sequenceBucket));
    return own.map((one) => cleaned('', one, sequenceBucket));
  }
  if (Array.isArray(value)) return value.map((one) => cleaned(name, one, sequenceBucket));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([inner, one]) => [inner, cleaned(inner, one, sequenceBucket)]));
}
