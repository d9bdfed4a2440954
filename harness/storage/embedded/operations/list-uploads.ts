import { checksumElement } from '../checksums.ts';
import { S3Error } from '../errors.ts';
import type { Call, Operation } from '../operation.ts';
import { existingBucket, numberParameter } from '../operation.ts';
import type { Part, Upload } from '../upload-index.ts';
import { isoDate, ownerOf, quoted } from '../wire-format.ts';
import type { XmlTree } from '../xml.ts';
import { renderXml, S3_NAMESPACE } from '../xml.ts';
import { encoding } from './list-objects.ts';
import { existingUpload } from './multipart-upload.ts';

const MOST_LISTED = 1000;

const listParts: Operation = {
  name: 'ListParts',
  method: 'GET',
  level: 'object',
  selector: { query: 'uploadId' },
  action: 's3:ListMultipartUploadParts',
  query: ['max-parts', 'part-number-marker'],
  run(call) {
    const upload = existingUpload(call);
    const most = numberParameter(call.query, 'max-parts', MOST_LISTED, MOST_LISTED);
    const marker = numberParameter(call.query, 'part-number-marker', 0, call.limits.mostParts);
    const found = call.storage.uploads.partsAfter(upload.id, marker, most + 1);
    const shown = found.slice(0, most);
    const tree = {
      Bucket: call.bucket,
      Key: call.key,
      UploadId: upload.id,
      Initiator: ownerOf(),
      Owner: ownerOf(),
      StorageClass: 'STANDARD',
      ChecksumAlgorithm: upload.details.checksumAlgorithm?.toUpperCase(),
      ChecksumType: upload.details.checksumType,
      PartNumberMarker: marker,
      NextPartNumberMarker: shown.at(-1)?.number ?? 0,
      MaxParts: most,
      IsTruncated: found.length > shown.length && most > 0,
      Part: shown.map(partXml),
    };
    return { status: 200, xml: renderXml('ListPartsResult', tree, S3_NAMESPACE) };
  },
};

const listMultipartUploads: Operation = {
  name: 'ListMultipartUploads',
  method: 'GET',
  level: 'bucket',
  selector: { query: 'uploads' },
  action: 's3:ListBucketMultipartUploads',
  query: ['prefix', 'delimiter', 'max-uploads', 'key-marker', 'upload-id-marker', 'encoding-type'],
  run(call) {
    existingBucket(call);
    const encode = encoding(call);
    const parameter = (name: string): string => call.query.get(name) ?? '';
    const most = numberParameter(call.query, 'max-uploads', MOST_LISTED, MOST_LISTED, 1);
    const { uploads, commonPrefixes, next } = page(call, most);
    const tree = {
      Bucket: call.bucket,
      KeyMarker: encode(parameter('key-marker')),
      UploadIdMarker: parameter('upload-id-marker'),
      NextKeyMarker: next && encode(next.key),
      NextUploadIdMarker: next?.id,
      Prefix: encode(parameter('prefix')),
      Delimiter: parameter('delimiter') === '' ? undefined : encode(parameter('delimiter')),
      EncodingType: call.query.get('encoding-type'),
      MaxUploads: most,
      IsTruncated: next !== undefined,
      Upload: uploads.map((upload) => uploadXml(upload, encode)),
      CommonPrefixes: commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
    };
    return { status: 200, xml: renderXml('ListMultipartUploadsResult', tree, S3_NAMESPACE) };
  },
};

export const LIST_UPLOAD_OPERATIONS: readonly Operation[] = [listParts, listMultipartUploads];

interface UploadPage {
  readonly uploads: readonly Upload[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: { readonly key: string; readonly id: string } | undefined;
}

/** Uploads per bucket are bounded, so all that follow the marker are read at once. */
function page(call: Call, most: number): UploadPage {
  const [prefix, delimiter] = [call.query.get('prefix') ?? '', call.query.get('delimiter') ?? ''];
  const keyMarker = call.query.get('key-marker') ?? '';
  const idMarker = call.query.get('upload-id-marker') ?? '';
  if (idMarker !== '' && keyMarker === '') throw new S3Error('InvalidArgument', 'upload-id-marker needs key-marker.');
  // Without an id all uploads of the marked key are behind us: every id is hex and sorts below `~`.
  const after = call.storage.uploads.after(
    call.bucket,
    Buffer.from(keyMarker),
    idMarker || '~',
    call.limits.uploadsPerBucket,
  );
  const uploads: Upload[] = [];
  const commonPrefixes = new Set<string>();
  let last: { key: string; id: string } | undefined;
  for (const upload of after) {
    if (!upload.key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const rolledUp = end === -1 ? undefined : upload.key.slice(0, end + delimiter.length);
    if (rolledUp !== undefined && (commonPrefixes.has(rolledUp) || keyMarker.startsWith(rolledUp))) continue;
    if (uploads.length + commonPrefixes.size === most)
      return { uploads, commonPrefixes: [...commonPrefixes], next: last };
    if (rolledUp === undefined) uploads.push(upload);
    else commonPrefixes.add(rolledUp);
    last = rolledUp === undefined ? { key: upload.key, id: upload.id } : { key: rolledUp, id: '' };
  }
  return { uploads, commonPrefixes: [...commonPrefixes], next: undefined };
}

function partXml(part: Part): XmlTree {
  const checksum = part.checksum ? { [checksumElement(part.checksum.algorithm)]: part.checksum.value } : {};
  return {
    PartNumber: part.number,
    LastModified: isoDate(part.modifiedMs),
    ETag: quoted(part.etag),
    Size: part.size,
    ...checksum,
  };
}

function uploadXml(upload: Upload, encode: (text: string) => string): XmlTree {
  return {
    Key: encode(upload.key),
    UploadId: upload.id,
    Initiator: ownerOf(),
    Owner: ownerOf(),
    StorageClass: 'STANDARD',
    Initiated: isoDate(upload.initiatedMs),
  };
}
