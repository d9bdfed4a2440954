/** The S3 error dialect: code, HTTP status and default message of every refusal, as the real service words its codes. */
const ERRORS = {
  AccessDenied: [403, 'Access Denied'],
  AuthorizationHeaderMalformed: [400, 'The authorization header is malformed.'],
  AuthorizationQueryParametersError: [400, 'Error parsing the query parameters of the presigned URL.'],
  BadDigest: [400, 'The digest you specified did not match what was received.'],
  BucketAlreadyOwnedByYou: [409, 'The bucket exists already, and you own it.'],
  BucketNotEmpty: [409, 'The bucket is not empty.'],
  EntityTooLarge: [400, 'The upload exceeds the largest object size allowed.'],
  EntityTooSmall: [400, 'A part is smaller than the smallest size allowed for parts that are not the last.'],
  IllegalLocationConstraintException: [400, 'The location constraint does not match the region of this endpoint.'],
  IncompleteBody: [400, 'The request has fewer or more bytes than its Content-Length header says.'],
  InternalError: [500, 'An internal error occurred.'],
  InvalidAccessKeyId: [403, 'The access key does not exist here.'],
  InvalidArgument: [400, 'Invalid argument.'],
  InvalidBucketName: [400, 'The bucket name is not valid.'],
  InvalidChunkSizeError: [403, 'Only the last chunk may be smaller than 8192 bytes.'],
  InvalidDigest: [400, 'The Content-MD5 header is not a base64 encoded 128-bit digest.'],
  InvalidPart: [400, 'A part was not found, or its ETag or checksum differs from what was uploaded.'],
  InvalidPartOrder: [400, 'The list of parts is not in ascending order.'],
  InvalidRange: [416, 'The requested range is not satisfiable.'],
  InvalidRequest: [400, 'The request is not valid.'],
  InvalidToken: [400, 'The provided token is malformed or otherwise invalid.'],
  InvalidURI: [400, 'The request URI could not be parsed.'],
  KeyTooLongError: [400, 'The key is longer than 1024 bytes.'],
  MalformedXML: [400, 'The XML is not well-formed or does not match the expected schema.'],
  MaxMessageLengthExceeded: [400, 'The request body is too large.'],
  MetadataTooLarge: [400, 'The user metadata exceeds 2048 bytes.'],
  MethodNotAllowed: [405, 'The method is not allowed on this resource.'],
  MissingContentLength: [411, 'The Content-Length header is required.'],
  NoSuchBucket: [404, 'The bucket does not exist.'],
  NoSuchKey: [404, 'The key does not exist.'],
  NoSuchUpload: [404, 'The multipart upload does not exist; it may have been aborted or completed.'],
  NotImplemented: [501, 'The request asks for something that is not implemented.'],
  PreconditionFailed: [412, 'A precondition of the request did not hold.'],
  RequestTimeTooSkewed: [403, 'The request time and the current time differ too much.'],
  SignatureDoesNotMatch: [403, 'The calculated signature does not match the one provided.'],
  TooManyBuckets: [400, 'There are as many buckets as are allowed.'],
  XAmzContentSHA256Mismatch: [400, 'The x-amz-content-sha256 header does not match what was received.'],
} as const satisfies Record<string, readonly [number, string]>;

export type S3ErrorCode = keyof typeof ERRORS;

/** A refusal on its way to the client. `facts` become elements of the XML body beside Code and Message. */
export class S3Error extends Error {
  readonly code: S3ErrorCode;
  readonly status: number;
  readonly facts: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: S3ErrorCode,
    message?: string,
    extra: { facts?: Record<string, string>; headers?: Record<string, string> } = {},
  ) {
    super(message ?? ERRORS[code][1]);
    this.name = 'S3Error';
    this.code = code;
    this.status = ERRORS[code][0];
    this.facts = extra.facts ?? {};
    this.headers = extra.headers ?? {};
  }
}
