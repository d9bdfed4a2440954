import { answers, elements, headers, refusalOf, refusals } from './pair-parts.ts';
import type { S3Answer, S3Pair } from './step.ts';

/** A difference that is meant, or that no client can rely on. docs/fidelity-s3.md shows every one. */
export interface AcceptedDifference {
  readonly id: string;
  readonly reason: string;
  /** @returns the pair without this difference, or undefined when it has none of it */
  readonly without: (pair: S3Pair) => S3Pair | undefined;
}

const isRefused = ({ real, embedded }: S3Pair): boolean => real.code >= 300 && embedded.code >= 300;
const isListing = ({ step }: S3Pair): boolean => step.operation.startsWith('ListObjects');

const delimiterOf = ({ step }: S3Pair): string => step.query.find(([name]) => name === 'delimiter')?.[1] ?? '';
const hasParameter = ({ step }: S3Pair, names: RegExp): boolean => step.query.some(([name]) => names.test(name));

/** Where a listing begins. */
const PLACE = /^(marker|start-after|continuation-token)$/;
const isPage = (pair: S3Pair): boolean => isListing(pair) && pair.real.code === 200 && pair.embedded.code === 200;
/** A place that an answer gave. */
const CONTINUED = /^(continuation-token|marker)$/;
/** What is in a document's only element. */
const rootOf = ({ body }: S3Answer): object => Object.values(body as Record<string, object>)[0] ?? {};
const keysOf = ({ body }: S3Answer): string[] => JSON.stringify(body).match(/"(Key|Prefix)":"(\\.|[^"])*"/g) ?? [];
/** Those after which the next pages begin elsewhere. */
export const DIVERGING: ReadonlySet<string> = new Set(['cached-pages', 'marker-inside', 'no-keys', 'other-delimiters']);

const ODD_KEYS = 'MinIO keeps objects as files and refuses names that its file system cannot have';

const REFUSALS: readonly AcceptedDifference[] = [
  refusals('checksum-code', 'a checksum of other bytes is BadDigest with Amazon; MinIO has a code of its own', [
    [/^400 XAmzContentChecksumMismatch$/, /^400 BadDigest$/],
  ]),
  refusals('checksum-form', 'a checksum that is none is InvalidRequest with Amazon, InvalidArgument with MinIO', [
    [/^400 InvalidArgument$/, /^400 InvalidRequest$/],
  ]),
  refusals(
    'region-code',
    'another region is IllegalLocationConstraintException with Amazon, InvalidRegion with MinIO',
    [[/^400 InvalidRegion$/, /^400 IllegalLocationConstraintException$/]],
  ),
  refusals('unvouched-list', 'a list without a digest is InvalidRequest with Amazon, MissingContentMD5 with MinIO', [
    [/^400 MissingContentMD5$/, /^400 InvalidRequest$/],
  ]),
  refusals(
    'document-form',
    'a document that is none, or lacks something, is MalformedXML with Amazon; MinIO has other codes for it',
    [[/^(411 MissingContentLength|400 InvalidRequest|400 InvalidPart)$/, /^400 MalformedXML$/]],
  ),
  refusals('part-number', 'a part number that is none is InvalidArgument with Amazon, InvalidPart with MinIO', [
    [/^400 InvalidPart$/, /^400 InvalidArgument$/],
  ]),
  refusals('odd-keys', ODD_KEYS, [[/^400 XMinio/, /^4/]]),
  refusals('first-mistake', 'of several mistakes in one request servers name another one first', [
    [/^(400|411|412|416|501)/, /^(404|412)/],
    [/^404/, /^(400|404|412)/],
    [/^403/, /^400 KeyTooLongError$/],
  ]),
];

const ANSWERS: readonly AcceptedDifference[] = [
  answers(
    'odd-keys',
    ODD_KEYS,
    ({ real, embedded }) =>
      JSON.stringify(real.body).includes('XMinioInvalid') && (embedded.code < 300 || real.code < 300),
  ),
  answers(
    'abort-twice',
    'aborting an upload that is not there is NoSuchUpload with Amazon; MinIO says that it is done',
    ({ step, real, embedded }) =>
      step.operation === 'AbortMultipartUpload' && real.code === 204 && refusalOf(embedded) === '404 NoSuchUpload',
  ),
  answers(
    'inverted-range',
    'a range that ends before it begins is no range (RFC 9110), and the whole is sent; MinIO answers InvalidRange',
    (pair) => pair.step.headers['range'] === 'bytes=5-2' && pair.real.code === 416,
  ),
  answers(
    'range-first',
    'MinIO looks at a range before it looks at conditions',
    ({ step, real, embedded }) =>
      step.headers['range'] !== undefined && real.code === 416 && [304, 412].includes(embedded.code),
  ),
  answers(
    'not-modified-first',
    'If-Match and If-Unmodified-Since come first (RFC 9110); MinIO looks at If-None-Match before them',
    ({ real, embedded }) => real.code === 304 && embedded.code === 412,
  ),
  answers(
    'tags-outrank-dates',
    'a tag that differs makes If-Modified-Since of no account (RFC 9110); MinIO counts both',
    ({ step, real, embedded }) =>
      step.headers['if-none-match'] !== undefined &&
      step.headers['if-modified-since'] !== undefined &&
      real.code === 304 &&
      [200, 206].includes(embedded.code),
  ),
  answers(
    'copy-conditions',
    'a tag that matches outranks a date with Amazon, for the source of a copy too; MinIO counts both',
    ({ step, real, embedded }) =>
      step.headers['x-amz-copy-source-if-match'] !== undefined &&
      step.headers['x-amz-copy-source-if-unmodified-since'] !== undefined &&
      real.code === 412 &&
      embedded.code === 200,
  ),
  answers(
    'empty-range',
    'the end of an empty object is InvalidRange with Amazon; MinIO sends 206 with `bytes 0--1/0`',
    ({ real, embedded }) => real.headers['content-range'] === 'bytes 0--1/0' && embedded.code === 416,
  ),
  answers(
    'marker-outside',
    'MinIO does not list from a place outside the prefix',
    (pair) => isListing(pair) && refusalOf(pair.real) === '501 NotImplemented',
  ),
  answers(
    'unseen-bucket',
    'MinIO answers some listings without a look whether the bucket is there',
    (pair) => isListing(pair) && pair.real.code === 200 && refusalOf(pair.embedded) === '404 NoSuchBucket',
  ),
  answers(
    'cached-pages',
    'MinIO goes on from the listing as it was: keys put since are missing, and a page may be told of that is not there',
    (pair) =>
      isPage(pair) &&
      hasParameter(pair, CONTINUED) &&
      keysOf(pair.real).every((key) => keysOf(pair.embedded).includes(key)),
  ),
  answers(
    'marker-inside',
    'a common prefix that a marker lies in is shown where keys in it follow; MinIO leaves it out',
    (pair) => isPage(pair) && delimiterOf(pair) === '/' && hasParameter(pair, PLACE),
  ),
  answers(
    'no-keys',
    'max-keys of 0 gives no key; MinIO gives one behind a marker',
    (pair) => isPage(pair) && pair.step.query.some(([name, value]) => name === 'max-keys' && value === '0'),
  ),
  answers(
    'other-delimiters',
    'MinIO counts pages by the slash whatever the delimiter is',
    (pair) => isPage(pair) && !['', '/'].includes(delimiterOf(pair)) && hasParameter(pair, /^max-keys$|^marker$|-/),
  ),
  answers(
    'uploads-by-key',
    'MinIO lists uploads of the key that the prefix is; of other prefixes none, or all in the order of their beginning',
    ({ step, real, embedded }) =>
      step.operation === 'ListMultipartUploads' &&
      real.code === 200 &&
      embedded.code === 200 &&
      !step.query.some(([name, value]) => name === 'prefix' && value === 'whole'),
  ),
];

const PARTS_OF_ANSWERS: readonly AcceptedDifference[] = [
  headers(
    'refusal-headers',
    'MinIO sends headers of the object with a refusal, and no Content-Range with InvalidRange',
    /./,
    isRefused,
  ),
  headers(
    'copy-headers',
    'MinIO tells ETag and checksum of a copy or a whole in headers too',
    /^(etag|x-amz-checksum-.*)$/,
    ({ step }) => /^(CopyObject|UploadPartCopy|CompleteMultipartUpload)$/.test(step.operation),
  ),
  headers(
    'copy-checksums',
    'MinIO gives every copy a CRC64NVME; here a copy keeps what its source has',
    /^x-amz-checksum-/,
    ({ step }) => step.operation === 'GetObject' && step.headers['x-amz-checksum-mode'] !== undefined,
  ),
  headers(
    'copied-expires',
    'MinIO does not copy Expires',
    /^expires$/,
    ({ step, real }) => /^(GetObject|a presigned URL)$/.test(step.operation) && real.headers['expires'] === undefined,
  ),
  elements('copy-checksums', 'the same in documents', /^(CopyObject|UploadPartCopy)$/, /^Checksum/),
  elements(
    'location',
    'the location of a bucket in us-east-1 is empty with Amazon; MinIO names it',
    /^GetBucketLocation$/,
    /^LocationConstraint$/,
  ),
  elements(
    'page-sizes',
    'pages of parts and uploads have at most 1000 with Amazon, 10000 with MinIO, which fills in empty elements',
    /^List(Parts|MultipartUploads)$/,
    /^(MaxParts|MaxUploads|NextKeyMarker|NextUploadIdMarker|NextPartNumberMarker|StorageClass|Checksum(Algorithm|Type))$/,
  ),
  elements('owners', 'all belongs to one account, which each server names as it likes', /^List/, /^(Owner|Initiator)$/),
  elements(
    'marker-not-sent',
    'parts are listed from any part number with Amazon; MinIO lists none behind one that was not sent',
    /^ListParts$/,
    /^(Part|IsTruncated)$/,
    (pair) => hasParameter(pair, /^part-number-marker$/) && !('Part' in rootOf(pair.real)),
  ),
  elements(
    'next-marker',
    'NextMarker comes with a delimiter only with Amazon, always with MinIO',
    /^ListObjects$/,
    /^NextMarker$/,
  ),
  elements(
    'page-length',
    'more than 1000 keys at once are asked for in vain; Amazon says so, MinIO does not',
    /^ListObjects/,
    /^MaxKeys$/,
  ),
  elements('empty-start', 'MinIO leaves out a StartAfter that is empty', /^ListObjectsV2$/, /^StartAfter$/),
  elements(
    'deleted-twice',
    'MinIO answers a key that is in a list twice with an empty element',
    /^DeleteObjects$/,
    /^Deleted$/,
  ),
];

/** Tried in this order; what one takes away the next does not see. */
export const ACCEPTED_DIFFERENCES: readonly AcceptedDifference[] = [...REFUSALS, ...PARTS_OF_ANSWERS, ...ANSWERS];
