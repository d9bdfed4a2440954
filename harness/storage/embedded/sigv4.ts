import { createHash, createHmac } from 'node:crypto';

/** AWS signature version 4 as pure functions: what is signed, and with which key. */

export const ALGORITHM = 'AWS4-HMAC-SHA256';
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** `20130524/us-east-1/s3/aws4_request` taken apart. */
export interface CredentialScope {
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export function scopeText(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

export interface CanonicalParts {
  readonly method: string;
  /** Decoded. */
  readonly path: string;
  /** Decoded, without X-Amz-Signature. */
  readonly query: readonly (readonly [string, string])[];
  /** Lower-case names of the signed headers with their values as sent, sorted by name. */
  readonly headers: readonly (readonly [string, string])[];
  readonly payloadHash: string;
}

/** Header values are latin1 text, everything else is ASCII: hash it as latin1 to get the bytes that were sent. */
export function canonicalRequest(parts: CanonicalParts): string {
  return [
    parts.method,
    encodePath(parts.path),
    canonicalQuery(parts.query),
    ...parts.headers.map(([name, value]) => `${name}:${trimBlanks(value).replace(/ +/g, ' ')}`),
    '',
    parts.headers.map(([name]) => name).join(';'),
    parts.payloadHash,
  ].join('\n');
}

/** `trim()` would take the byte 0xA0, which ends `à` in UTF-8, for a space. */
function trimBlanks(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, '');
}

function canonicalQuery(query: CanonicalParts['query']): string {
  return query
    .map(([name, value]) => [encodeComponent(name), encodeComponent(value)] as const)
    .toSorted(([a, x], [b, y]) => compareAscii(a, b) || compareAscii(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compareAscii(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** RFC 3986: only unreserved characters stay. `encodeURIComponent` leaves five more. */
export function encodeComponent(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

export function encodePath(path: string): string {
  return path.split('/').map(encodeComponent).join('/');
}

export function stringToSign(amzDate: string, scope: CredentialScope, canonical: string): string {
  return [ALGORITHM, amzDate, scopeText(scope), sha256Hex(Buffer.from(canonical, 'latin1'))].join('\n');
}

export function signingKey(secretKey: string, scope: CredentialScope): Buffer {
  const steps = [scope.date, scope.region, scope.service, 'aws4_request'];
  return steps.reduce<Buffer>((key, step) => hmac(key, step), Buffer.from(`AWS4${secretKey}`));
}

export function sign(key: Buffer, text: string): string {
  return hmac(key, text).toString('hex');
}

export function sha256Hex(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** The chain of signatures of a body sent in chunks: each covers the one before. */
export class ChunkSigner {
  readonly #key: Buffer;
  readonly #prefix: string;
  #previous: string;

  constructor(options: { key: Buffer; amzDate: string; scope: CredentialScope; seedSignature: string }) {
    this.#key = options.key;
    this.#prefix = `${options.amzDate}\n${scopeText(options.scope)}`;
    this.#previous = options.seedSignature;
  }

  chunk(sha256OfData: string): string {
    return this.#next('AWS4-HMAC-SHA256-PAYLOAD', `${EMPTY_SHA256}\n${sha256OfData}`);
  }

  /** `lines` are the trailer's headers as `name:value\n`. */
  trailer(lines: string): string {
    return this.#next('AWS4-HMAC-SHA256-TRAILER', sha256Hex(lines));
  }

  #next(algorithm: string, hashes: string): string {
    this.#previous = sign(this.#key, `${algorithm}\n${this.#prefix}\n${this.#previous}\n${hashes}`);
    return this.#previous;
  }
}

/** `20130524T000000Z` as milliseconds, undefined when it is no such date. */
export function parseAmzDate(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? undefined : at;
}

export function amzDateOf(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
}
