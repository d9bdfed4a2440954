import { readAttributes } from '../attributes.ts';
import { contentSink } from '../body-intake.ts';
import { checkWrite } from '../conditions.ts';
import type { StoredObject } from '../object-index.ts';
import type { Call, Operation } from '../operation.ts';
import { existingBucket } from '../operation.ts';
import { checksumHeaders, quoted } from '../wire-format.ts';
import { idsOf } from '../blob-store.ts';

/** Headers that writes understand: what is kept with the object. */
export const ATTRIBUTE_HEADERS = ['x-amz-meta-*', 'x-amz-storage-class', 'x-amz-acl'];
/** How a body is sent and vouched for. */
export const BODY_HEADERS = [
  'content-md5',
  'x-amz-decoded-content-length',
  'x-amz-trailer',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
];

const putObject: Operation = {
  name: 'PutObject',
  method: 'PUT',
  level: 'object',
  action: 's3:PutObject',
  headers: [...ATTRIBUTE_HEADERS, ...BODY_HEADERS, 'if-none-match', 'if-match'],
  hasBody: true,
  async run(call) {
    existingBucket(call);
    const attributes = readAttributes(call.headers, call.limits.metadataBytes);
    // Early, so that a body is not taken for nothing; and again when it is put in place.
    checkWrite(call.headers, call.storage.objects.object(call.bucket, call.key));
    const body = await call.body.into(contentSink(call.storage.blobs), call.limits.objectBytes);
    const checksum = body.checksum && { ...body.checksum, type: 'FULL_OBJECT' as const };
    const stored = commitObject(call, { key: call.key, etag: body.md5Hex, attributes, checksum, content: body.result });
    return { status: 200, headers: { etag: quoted(stored.etag), ...checksumHeaders(checksum) } };
  },
};

export const WRITE_OPERATIONS: readonly Operation[] = [putObject];

/**
 * Puts an object in place in one tick: conditions, index and the removal of what it replaces. The last writer wins whole.
 * When it is refused, its own files go.
 */
export function commitObject(
  call: Call,
  object: Omit<StoredObject, 'size' | 'modifiedMs'>,
): Omit<StoredObject, 'size'> {
  const { objects, blobs } = call.storage;
  const stored = { ...object, modifiedMs: call.clock.now() };
  try {
    // The bucket may have gone while the body came in.
    existingBucket(call);
    checkWrite(call.headers, objects.object(call.bucket, object.key));
    blobs.remove(objects.put(call.bucket, stored));
  } catch (error) {
    blobs.remove(idsOf(object.content));
    throw error;
  }
  return stored;
}
