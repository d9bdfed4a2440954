import { S3Error } from '../errors.ts';
import type { Listing } from '../listing.ts';
import { listKeys } from '../listing.ts';
import type { ObjectEntry } from '../object-index.ts';
import type { Call, Operation } from '../operation.ts';
import { existingBucket, numberParameter } from '../operation.ts';
import { isoDate, ownerOf, quoted, urlEncoded } from '../wire-format.ts';
import type { XmlTree } from '../xml.ts';
import { renderXml, S3_NAMESPACE } from '../xml.ts';

const MOST_KEYS = 1000;

const listObjectsV2: Operation = {
  name: 'ListObjectsV2',
  method: 'GET',
  level: 'bucket',
  selector: { query: 'list-type' },
  action: 's3:ListBucket',
  query: ['prefix', 'delimiter', 'max-keys', 'encoding-type', 'start-after', 'continuation-token', 'fetch-owner'],
  run(call) {
    if (call.query.get('list-type') !== '2') throw new S3Error('InvalidArgument', 'list-type must be 2.');
    const token = call.query.get('continuation-token');
    const startAfter = call.query.get('start-after');
    const { page, encode, common } = list(call, token === undefined ? (startAfter ?? '') : decodeToken(token));
    const tree = {
      Name: call.bucket,
      Prefix: encode(call.query.get('prefix') ?? ''),
      StartAfter: startAfter === undefined ? undefined : encode(startAfter),
      ContinuationToken: token,
      NextContinuationToken: page.isTruncated ? encodeToken(page.last) : undefined,
      KeyCount: page.entries.length + page.commonPrefixes.length,
      ...common,
      Contents: page.entries.map((entry) => contentsOf(entry, encode, call.query.get('fetch-owner') === 'true')),
      CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
    };
    return { status: 200, xml: renderXml('ListBucketResult', tree, S3_NAMESPACE) };
  },
};

const listObjects: Operation = {
  name: 'ListObjects',
  method: 'GET',
  level: 'bucket',
  action: 's3:ListBucket',
  query: ['prefix', 'delimiter', 'max-keys', 'encoding-type', 'marker'],
  run(call) {
    const marker = call.query.get('marker') ?? '';
    const { page, encode, common } = list(call, marker);
    // Without a delimiter the last key is the next marker, and the service does not repeat it.
    const hasNextMarker = page.isTruncated && (call.query.get('delimiter') ?? '') !== '';
    const tree = {
      Name: call.bucket,
      Prefix: encode(call.query.get('prefix') ?? ''),
      Marker: encode(marker),
      NextMarker: hasNextMarker ? encode(page.last) : undefined,
      ...common,
      Contents: page.entries.map((entry) => contentsOf(entry, encode, true)),
      CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
    };
    return { status: 200, xml: renderXml('ListBucketResult', tree, S3_NAMESPACE) };
  },
};

export const LIST_OPERATIONS: readonly Operation[] = [listObjectsV2, listObjects];

function list(call: Call, after: string): { page: Listing; encode: (text: string) => string; common: XmlTree } {
  existingBucket(call);
  const encode = encoding(call);
  const delimiter = call.query.get('delimiter') ?? '';
  const maxKeys = numberParameter(call.query, 'max-keys', MOST_KEYS, MOST_KEYS);
  const page = listKeys((from, limit) => call.storage.objects.entriesFrom(call.bucket, from, limit), {
    prefix: call.query.get('prefix') ?? '',
    delimiter,
    after,
    maxKeys,
  });
  const common = {
    MaxKeys: maxKeys,
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: call.query.get('encoding-type'),
    IsTruncated: page.isTruncated,
  };
  return { page, encode, common };
}

/** How keys are written, from the encoding-type parameter. */
export function encoding(call: Call): (text: string) => string {
  const type = call.query.get('encoding-type');
  if (type === undefined) return (text) => text;
  if (type !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return urlEncoded;
}

function contentsOf(entry: ObjectEntry, encode: (text: string) => string, withOwner: boolean): XmlTree {
  return {
    Key: encode(entry.key),
    LastModified: isoDate(entry.modifiedMs),
    ETag: quoted(entry.etag),
    Size: entry.size,
    Owner: withOwner ? ownerOf() : undefined,
    StorageClass: 'STANDARD',
  };
}

function encodeToken(last: string): string {
  return Buffer.from(last).toString('base64url');
}

function decodeToken(token: string): string {
  const last = Buffer.from(token, 'base64url').toString('utf8');
  if (token === '' || encodeToken(last) !== token) {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  }
  return last;
}
