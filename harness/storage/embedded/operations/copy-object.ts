import { readAttributes } from '../attributes.ts';
import type { Content } from '../blob-store.ts';
import { contentSink, takeBody } from '../body-intake.ts';
import type { ByteRange } from '../byte-range.ts';
import type { Checksum, ChecksumAlgorithm } from '../checksums.ts';
import { parseChecksumAlgorithm } from '../checksums.ts';
import { checkCopySource } from '../conditions.ts';
import { S3Error } from '../errors.ts';
import type { StoredObject } from '../object-index.ts';
import type { Call, Operation } from '../operation.ts';
import { existingBucket, missingKey, requireAccess } from '../operation.ts';
import { checksumXml, isoDate, quoted } from '../wire-format.ts';
import { renderXml, S3_NAMESPACE } from '../xml.ts';
import { ATTRIBUTE_HEADERS, commitObject } from './write-object.ts';

export const COPY_SOURCE_HEADERS = [
  'x-amz-copy-source',
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-modified-since',
  'x-amz-copy-source-if-unmodified-since',
];

const copyObject: Operation = {
  name: 'CopyObject',
  method: 'PUT',
  level: 'object',
  selector: { header: 'x-amz-copy-source' },
  action: 's3:PutObject',
  headers: [
    ...ATTRIBUTE_HEADERS,
    ...COPY_SOURCE_HEADERS,
    'x-amz-metadata-directive',
    'x-amz-checksum-algorithm',
    'if-none-match',
    'if-match',
  ],
  async run(call) {
    existingBucket(call);
    const source = copySource(call);
    const directive = String(call.headers['x-amz-metadata-directive'] ?? 'COPY');
    if (directive !== 'COPY' && directive !== 'REPLACE') {
      throw new S3Error('InvalidArgument', 'Unknown metadata directive.', { facts: { ArgumentValue: directive } });
    }
    if (directive === 'COPY' && source.bucket === call.bucket && source.object.key === call.key) {
      throw new S3Error(
        'InvalidRequest',
        "This copy would change nothing: it is onto itself and keeps the object's metadata.",
      );
    }
    const attributes =
      directive === 'COPY' ? source.object.attributes : readAttributes(call.headers, call.limits.metadataBytes);
    const { content, etag, checksum } = await duplicate(call, source.object, wantedChecksum(call));
    const stored = commitObject(call, { key: call.key, etag, attributes, checksum, content });
    const tree = { LastModified: isoDate(stored.modifiedMs), ETag: quoted(stored.etag), ...checksumXml(checksum) };
    return { status: 200, xml: renderXml('CopyObjectResult', tree, S3_NAMESPACE) };
  },
};

export const COPY_OPERATIONS: readonly Operation[] = [copyObject];

/** The object that x-amz-copy-source names, if the caller may read it and its conditions hold. */
export function copySource(call: Call): { bucket: string; object: StoredObject } {
  const [path = '', query] = String(call.headers['x-amz-copy-source']).split('?', 2);
  if (query !== undefined) throw new S3Error('NotImplemented', 'Versions of objects are not implemented.');
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(decodePath(path)) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new S3Error('InvalidArgument', 'The copy source must name a bucket and a key.', {
      facts: { ArgumentName: 'x-amz-copy-source', ArgumentValue: path },
    });
  }
  requireAccess(call.user, { action: 's3:GetObject', bucket, key });
  existingBucket(call, bucket);
  const object = call.storage.objects.object(bucket, key);
  if (!object) throw missingKey(call, bucket, key);
  checkCopySource(call.headers, object);
  return { bucket, object };
}

/** Copies bytes of an object into new content, with their MD5 and perhaps a checksum. */
export async function copyBytes(
  call: Call,
  source: StoredObject,
  range: ByteRange,
  options: { wanted?: ChecksumAlgorithm | undefined; inlineBytes?: number },
): Promise<{ content: Content; md5Hex: string; checksum: Checksum | undefined }> {
  const { blobs } = call.storage;
  const release = blobs.pin(source.content);
  try {
    const bytes = blobs.read(source.content, range.start, range.end);
    const none = { sha256: undefined, md5: undefined, checksum: undefined, trailerAlgorithm: undefined };
    const claims = { size: range.end - range.start, wanted: options.wanted, ...none };
    const taken = await takeBody(bytes, () => new Map(), claims, contentSink(blobs, options.inlineBytes));
    return { content: taken.result, md5Hex: taken.md5Hex, checksum: taken.checksum };
  } finally {
    release();
  }
}

/** Of one file: a second link to it. Of several, as multipart uploads leave them: a copy, since the new ETag is the MD5 of the whole. */
async function duplicate(
  call: Call,
  source: StoredObject,
  wanted: ChecksumAlgorithm | undefined,
): Promise<Pick<StoredObject, 'content' | 'etag' | 'checksum'>> {
  const { content, etag, checksum } = source;
  const isPlain = !etag.includes('-') && checksum?.type !== 'COMPOSITE';
  if (isPlain && (wanted === undefined || checksum?.algorithm === wanted)) {
    const linked =
      content.kind === 'inline'
        ? content
        : { ...content, blobs: content.blobs.map((blob) => call.storage.blobs.link(blob)) };
    return { content: linked, etag, checksum };
  }
  const algorithm = wanted ?? checksum?.algorithm;
  const copied = await copyBytes(call, source, { start: 0, end: source.size }, { wanted: algorithm });
  return {
    content: copied.content,
    etag: copied.md5Hex,
    checksum: copied.checksum && { ...copied.checksum, type: 'FULL_OBJECT' },
  };
}

function wantedChecksum(call: Call): ChecksumAlgorithm | undefined {
  const name = call.headers['x-amz-checksum-algorithm'];
  return name === undefined ? undefined : parseChecksumAlgorithm(String(name));
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new S3Error('InvalidArgument', 'The copy source is not URL-encoded.');
  }
}
