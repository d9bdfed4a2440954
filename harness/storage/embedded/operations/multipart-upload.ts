import { randomHex } from '../../../../core/entropy.ts';
import { readAttributes } from '../attributes.ts';
import { idsOf } from '../blob-store.ts';
import { contentSink } from '../body-intake.ts';
import { parseCopyRange } from '../byte-range.ts';
import type { ChecksumAlgorithm } from '../checksums.ts';
import { parseChecksumAlgorithm } from '../checksums.ts';
import { isCombinable } from '../crc-combine.ts';
import { S3Error } from '../errors.ts';
import type { Call, Operation } from '../operation.ts';
import { existingBucket, numberParameter } from '../operation.ts';
import type { Part, Upload, UploadDetails } from '../upload-index.ts';
import { isoDate, quoted } from '../wire-format.ts';
import { renderXml, S3_NAMESPACE } from '../xml.ts';
import { COPY_SOURCE_HEADERS, copyBytes, copySource } from './copy-object.ts';
import { ATTRIBUTE_HEADERS, BODY_HEADERS } from './write-object.ts';

const createMultipartUpload: Operation = {
  name: 'CreateMultipartUpload',
  method: 'POST',
  level: 'object',
  selector: { query: 'uploads' },
  action: 's3:PutObject',
  headers: [...ATTRIBUTE_HEADERS, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
  run(call) {
    existingBucket(call);
    const { storage, limits, clock, entropy } = call;
    if (storage.uploads.count(call.bucket) >= limits.uploadsPerBucket) {
      throw new S3Error('InvalidRequest', 'There are too many unfinished multipart uploads in this bucket.');
    }
    const checksum = announcedChecksum(call);
    const details = { ...readAttributes(call.headers, limits.metadataBytes), ...checksum };
    const upload = {
      id: randomHex(entropy, 16),
      bucket: call.bucket,
      key: call.key,
      initiatedMs: clock.now(),
      details,
    };
    storage.uploads.create(upload);
    const tree = { Bucket: call.bucket, Key: call.key, UploadId: upload.id };
    const headers: Record<string, string> = {};
    if (details.checksumAlgorithm) headers['x-amz-checksum-algorithm'] = details.checksumAlgorithm.toUpperCase();
    if (details.checksumType) headers['x-amz-checksum-type'] = details.checksumType;
    return { status: 200, headers, xml: renderXml('InitiateMultipartUploadResult', tree, S3_NAMESPACE) };
  },
};

const uploadPart: Operation = {
  name: 'UploadPart',
  method: 'PUT',
  level: 'object',
  selector: { query: 'uploadId' },
  action: 's3:PutObject',
  query: ['partNumber'],
  headers: BODY_HEADERS,
  hasBody: true,
  async run(call) {
    const upload = existingUpload(call);
    const number = partNumber(call);
    const wanted = upload.details.checksumAlgorithm;
    const body = await call.body.into(contentSink(call.storage.blobs, 0), call.limits.objectBytes, wanted);
    const { checksum } = body;
    const isOther = wanted !== undefined && checksum?.algorithm !== wanted;
    if (isOther) call.storage.blobs.remove(idsOf(body.result));
    if (isOther) {
      throw new S3Error(
        'InvalidRequest',
        `The upload was created with the checksum ${wanted}, the part came with ${checksum?.algorithm}.`,
      );
    }
    const part = commitPart(call, { number, etag: body.md5Hex, size: body.size, checksum, content: body.result });
    const headers: Record<string, string> = { etag: quoted(part.etag) };
    if (checksum) headers[`x-amz-checksum-${checksum.algorithm}`] = checksum.value;
    return { status: 200, headers };
  },
};

const uploadPartCopy: Operation = {
  name: 'UploadPartCopy',
  method: 'PUT',
  level: 'object',
  selector: { query: 'uploadId', header: 'x-amz-copy-source' },
  action: 's3:PutObject',
  query: ['partNumber'],
  headers: [...COPY_SOURCE_HEADERS, 'x-amz-copy-source-range'],
  async run(call) {
    const upload = existingUpload(call);
    const number = partNumber(call);
    const { object } = copySource(call);
    const header = call.headers['x-amz-copy-source-range'];
    const range = header === undefined ? { start: 0, end: object.size } : parseCopyRange(String(header), object.size);
    const copied = await copyBytes(call, object, range, { wanted: upload.details.checksumAlgorithm, inlineBytes: 0 });
    const { content, md5Hex: etag, checksum } = copied;
    const part = commitPart(call, { number, etag, size: range.end - range.start, checksum, content });
    const tree = { LastModified: isoDate(part.modifiedMs), ETag: quoted(part.etag) };
    return { status: 200, xml: renderXml('CopyPartResult', tree, S3_NAMESPACE) };
  },
};

const abortMultipartUpload: Operation = {
  name: 'AbortMultipartUpload',
  method: 'DELETE',
  level: 'object',
  selector: { query: 'uploadId' },
  action: 's3:AbortMultipartUpload',
  run(call) {
    const upload = existingUpload(call);
    const { storage } = call;
    storage.blobs.remove(storage.transaction(() => storage.uploads.delete(upload.id)));
    return { status: 204 };
  },
};

export const MULTIPART_UPLOAD_OPERATIONS: readonly Operation[] = [
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
  abortMultipartUpload,
];

/** @throws S3Error NoSuchBucket, NoSuchUpload */
export function existingUpload(call: Call): Upload {
  existingBucket(call);
  const id = call.query.get('uploadId') ?? '';
  const upload = call.storage.uploads.find(id, call.bucket, call.key);
  if (!upload) throw new S3Error('NoSuchUpload', undefined, { facts: { UploadId: id } });
  return upload;
}

function partNumber(call: Call): number {
  const most = call.limits.mostParts;
  const number = numberParameter(call.query, 'partNumber', 0, most + 1, 1);
  if (number < 1 || number > most) {
    throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${most}, inclusive`, {
      facts: { ArgumentName: 'partNumber', ArgumentValue: call.query.get('partNumber') ?? '' },
    });
  }
  return number;
}

/** The upload may have been completed or aborted while the bytes came in: then they belong to nothing. */
function commitPart(call: Call, part: Omit<Part, 'modifiedMs'>): Part {
  const stored = { ...part, modifiedMs: call.clock.now() };
  try {
    const upload = existingUpload(call);
    call.storage.blobs.remove(call.storage.uploads.putPart(upload.id, stored));
  } catch (error) {
    call.storage.blobs.remove(idsOf(part.content));
    throw error;
  }
  return stored;
}

/** CRCs may be of the whole object, CRC64NVME must be; hashes are always of the parts' hashes. */
function announcedChecksum(call: Call): Pick<UploadDetails, 'checksumAlgorithm' | 'checksumType'> {
  const name = call.headers['x-amz-checksum-algorithm'];
  const type = call.headers['x-amz-checksum-type'];
  if (name === undefined) {
    if (type !== undefined) throw new S3Error('InvalidRequest', 'x-amz-checksum-type needs x-amz-checksum-algorithm.');
    return {};
  }
  const checksumAlgorithm = parseChecksumAlgorithm(String(name));
  const checksumType = type === undefined ? defaultType(checksumAlgorithm) : String(type);
  const isAllowed =
    checksumType === 'COMPOSITE'
      ? checksumAlgorithm !== 'crc64nvme'
      : checksumType === 'FULL_OBJECT' && isCombinable(checksumAlgorithm);
  if (!isAllowed) {
    throw new S3Error(
      'InvalidRequest',
      `The ${checksumType} checksum type cannot be used with the ${checksumAlgorithm} checksum algorithm.`,
    );
  }
  return { checksumAlgorithm, checksumType: checksumType as 'COMPOSITE' | 'FULL_OBJECT' };
}

function defaultType(algorithm: ChecksumAlgorithm): string {
  return algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE';
}
