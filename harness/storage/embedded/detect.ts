import type { IncomingMessage } from 'node:http';
import { S3Error } from './errors.ts';
import type { Operation } from './operation.ts';
import { BUCKET_OPERATIONS } from './operations/buckets.ts';
import { completeMultipartUpload } from './operations/complete-upload.ts';
import { COPY_OPERATIONS } from './operations/copy-object.ts';
import { DELETE_OPERATIONS } from './operations/delete-objects.ts';
import { LIST_OPERATIONS } from './operations/list-objects.ts';
import { LIST_UPLOAD_OPERATIONS } from './operations/list-uploads.ts';
import { MULTIPART_UPLOAD_OPERATIONS } from './operations/multipart-upload.ts';
import { READ_OPERATIONS } from './operations/read-object.ts';
import { WRITE_OPERATIONS } from './operations/write-object.ts';
import type { Target } from './target.ts';

export const OPERATIONS: readonly Operation[] = [
  ...BUCKET_OPERATIONS,
  ...LIST_OPERATIONS,
  ...READ_OPERATIONS,
  ...WRITE_OPERATIONS,
  ...DELETE_OPERATIONS,
  ...COPY_OPERATIONS,
  ...MULTIPART_UPLOAD_OPERATIONS,
  completeMultipartUpload,
  ...LIST_UPLOAD_OPERATIONS,
];

/** Sub-resources that the real service has and this one has not, by their query parameter. */
export const UNSUPPORTED_SUBRESOURCES: ReadonlySet<string> = new Set([
  'abac',
  'accelerate',
  'acl',
  'analytics',
  'annotations',
  'append',
  'attributes',
  'cors',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'logging',
  'metadataConfiguration',
  'metadataInventoryTable',
  'metadataJournalTable',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'partNumber',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'select-type',
  'session',
  'tagging',
  'torrent',
  'versionId',
  'versioning',
  'versions',
  'website',
]);

/** Say nothing about what is asked for: the SDK's name of the operation, and the parts of a presigned URL. */
const NEUTRAL_QUERY = /^(x-id|X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Content-Sha256))$/;
const NEUTRAL_HEADERS: ReadonlySet<string> = new Set(['x-amz-date', 'x-amz-content-sha256', 'x-amz-user-agent']);
/** Headers beside Amazon's own that ask for something. */
const MEANINGFUL_HEADER = /^(x-amz-|x-minio-|x-goog-|if-|content-md5$)/;

/**
 * Finds the operation that the request asks for.
 * @throws S3Error NotImplemented for what the real service has, InvalidArgument, MethodNotAllowed
 */
export function detectOperation(request: IncomingMessage, target: Target): Operation {
  const level = target.bucket === undefined ? 'service' : target.key === undefined ? 'bucket' : 'object';
  const fitting = OPERATIONS.filter(
    (operation) =>
      operation.method === target.method && operation.level === level && isSelected(operation, request, target),
  );
  const operation = fitting.toSorted((a, b) => weight(b) - weight(a))[0];
  for (const [name] of target.query.entries) {
    const isKnown = NEUTRAL_QUERY.test(name) || operation?.selector?.query === name || operation?.query?.includes(name);
    if (isKnown) continue;
    if (UNSUPPORTED_SUBRESOURCES.has(name)) throw notImplemented('Subresource', name);
    if (operation)
      throw new S3Error('InvalidArgument', `The query parameter ${name} means nothing here.`, {
        facts: { ArgumentName: name },
      });
  }
  if (!operation) throw refusedMethod(level, target);
  screenHeaders(operation, request);
  return operation;
}

function isSelected({ selector }: Operation, request: IncomingMessage, target: Target): boolean {
  return (
    (selector?.query === undefined || target.query.has(selector.query)) &&
    (selector?.header === undefined || request.headers[selector.header] !== undefined)
  );
}

/** The operation that names more of the request is the one meant. */
function weight({ selector }: Operation): number {
  return (selector?.query === undefined ? 0 : 1) + (selector?.header === undefined ? 0 : 1);
}

function refusedMethod(level: Operation['level'], target: Target): S3Error {
  // Uploads from HTML forms; real, and not here.
  if (target.method === 'POST' && level === 'bucket') return notImplemented('Operation', 'PostObject');
  const allowed = new Set(
    OPERATIONS.filter((operation) => operation.level === level).map((operation) => operation.method),
  );
  return new S3Error('MethodNotAllowed', undefined, {
    facts: { Method: target.method },
    headers: { allow: [...allowed].join(', ') },
  });
}

function screenHeaders(operation: Operation, request: IncomingMessage): void {
  const allowed = operation.headers ?? [];
  for (const name of Object.keys(request.headers)) {
    if (!MEANINGFUL_HEADER.test(name) || NEUTRAL_HEADERS.has(name)) continue;
    const isAllowed = allowed.some((pattern) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
    );
    // A body may be vouched for wherever there is one.
    if (!isAllowed && !(operation.hasBody && isAboutBody(name))) throw notImplemented('Header', name);
  }
  refuseValue(request, 'x-amz-storage-class', 'STANDARD');
  refuseValue(request, 'x-amz-acl', 'private');
}

function isAboutBody(name: string): boolean {
  return /^(content-md5|x-amz-(decoded-content-length|trailer|sdk-checksum-algorithm|checksum-(crc32c?|crc64nvme|sha1|sha256)))$/.test(
    name,
  );
}

/** Headers whose default may be said aloud, and nothing else. */
function refuseValue(request: IncomingMessage, name: string, only: string): void {
  const value = request.headers[name];
  if (value !== undefined && value !== only) throw notImplemented('Header', `${name}: ${String(value)}`);
}

function notImplemented(kind: 'Header' | 'Subresource' | 'Operation', name: string): S3Error {
  return new S3Error('NotImplemented', `The request asks for something that is not implemented: ${name}.`, {
    facts: { [kind]: name },
  });
}
