import { parseRange } from '../byte-range.ts';
import { isRangeWanted, readCondition } from '../conditions.ts';
import { S3Error } from '../errors.ts';
import type { StoredObject } from '../object-index.ts';
import type { Answer, Call, Operation } from '../operation.ts';
import { existingBucket, missingKey } from '../operation.ts';
import { checksumHeaders, httpDate, objectHeaders, quoted } from '../wire-format.ts';

const OVERRIDES = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
];

const UNDERSTOOD = {
  query: OVERRIDES.map((name) => `response-${name}`),
  headers: [
    'range',
    'if-match',
    'if-none-match',
    'if-modified-since',
    'if-unmodified-since',
    'if-range',
    'x-amz-checksum-mode',
  ],
};

const getObject: Operation = {
  name: 'GetObject',
  method: 'GET',
  level: 'object',
  action: 's3:GetObject',
  ...UNDERSTOOD,
  run: (call) => read(call, true),
};

const headObject: Operation = {
  name: 'HeadObject',
  method: 'HEAD',
  level: 'object',
  action: 's3:GetObject',
  ...UNDERSTOOD,
  run: (call) => read(call, false),
};

export const READ_OPERATIONS: readonly Operation[] = [getObject, headObject];

function read(call: Call, withBody: boolean): Answer {
  existingBucket(call);
  const object = call.storage.objects.object(call.bucket, call.key);
  if (!object) throw missingKey(call, call.bucket, call.key);
  if (readCondition(call.headers, object) === 'not-modified') {
    return { status: 304, headers: { etag: quoted(object.etag), 'last-modified': httpDate(object.modifiedMs) } };
  }
  const range = isRangeWanted(call.headers, object) ? parseRange(call.headers.range, object.size) : undefined;
  const { start, end } = range ?? { start: 0, end: object.size };
  const headers: Record<string, string> = {
    ...objectHeaders(object),
    ...overrides(call),
    'content-length': String(end - start),
  };
  if (range) headers['content-range'] = `bytes ${start}-${end - 1}/${object.size}`;
  // The checksum is of the whole object: beside a part of it, a client would compare the wrong bytes.
  else if (wantsChecksum(call)) Object.assign(headers, checksumHeaders(object.checksum));
  const status = range ? 206 : 200;
  return withBody ? { status, headers, stream: streamOf(call, object, start, end) } : { status, headers };
}

function streamOf(call: Call, object: StoredObject, start: number, end: number): NonNullable<Answer['stream']> {
  const { blobs } = call.storage;
  const release = blobs.pin(object.content);
  return { length: end - start, bytes: blobs.read(object.content, start, end), release };
}

function wantsChecksum(call: Call): boolean {
  const mode = call.headers['x-amz-checksum-mode'];
  if (mode !== undefined && String(mode).toUpperCase() !== 'ENABLED')
    throw new S3Error('InvalidArgument', 'x-amz-checksum-mode must be ENABLED.');
  return mode !== undefined;
}

function overrides(call: Call): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of OVERRIDES) {
    const value = call.query.get(`response-${name}`);
    if (value === undefined) continue;
    // A line break would end the header and begin one of the caller's making.
    if (!/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value))
      throw new S3Error('InvalidArgument', `response-${name} is not a header value.`);
    found[name] = value;
  }
  return found;
}
