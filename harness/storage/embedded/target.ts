import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { S3Error } from './errors.ts';

/** What a request is aimed at, decoded once. */
export interface Target {
  readonly method: string;
  /** Undefined for the service itself (`/`). */
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  /** The decoded path, `/` in front, which the signature covers. */
  readonly path: string;
  readonly query: Query;
}

const LONGEST_URL = 16_384;
const LONGEST_KEY_BYTES = 1024;

/** Decoded query parameters in the order sent. */
export class Query {
  readonly entries: readonly (readonly [string, string])[];

  constructor(entries: readonly (readonly [string, string])[]) {
    this.entries = entries;
  }

  get(name: string): string | undefined {
    return this.entries.find(([key]) => key === name)?.[1];
  }

  has(name: string): boolean {
    return this.entries.some(([key]) => key === name);
  }
}

/**
 * Path-style only: `/bucket/key`. The path is taken as sent, so that `..` and `//` are parts of a key like any other.
 * @throws S3Error InvalidURI, KeyTooLongError, NotImplemented (virtual-hosted style)
 */
export function parseTarget(request: IncomingMessage, hostNames: readonly string[]): Target {
  const url = request.url ?? '';
  if (!url.startsWith('/') || url.length > LONGEST_URL) throw new S3Error('InvalidURI');
  refuseVirtualHost(request.headers.host ?? '', hostNames);
  const mark = url.indexOf('?');
  const path = decode(mark === -1 ? url : url.slice(0, mark));
  const query = parseQuery(mark === -1 ? '' : url.slice(mark + 1));
  const slash = path.indexOf('/', 1);
  const bucket = slash === -1 ? path.slice(1) : path.slice(1, slash);
  const key = slash === -1 ? '' : path.slice(slash + 1);
  if (bucket === '' && key !== '') throw new S3Error('InvalidBucketName');
  checkKey(key);
  return { method: request.method ?? '', bucket: bucket || undefined, key: key || undefined, path, query };
}

export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > LONGEST_KEY_BYTES) {
    throw new S3Error('KeyTooLongError', undefined, {
      facts: { Size: String(Buffer.byteLength(key)), MaxSizeAllowed: String(LONGEST_KEY_BYTES) },
    });
  }
}

function parseQuery(text: string): Query {
  const pairs = text.split('&').filter((pair) => pair !== '');
  const entries = pairs.map((pair) => {
    const equals = pair.indexOf('=');
    const [name, value] = equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    return [decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' '))] as const;
  });
  if (new Set(entries.map(([name]) => name)).size !== entries.length) {
    throw new S3Error('InvalidArgument', 'A query parameter is repeated.');
  }
  return new Query(entries);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI');
  }
}

/** `bucket.host` cannot be told from a host's alias, so only addresses and the names we were given are ours. */
function refuseVirtualHost(header: string, hostNames: readonly string[]): void {
  const host = header.replace(/:\d+$/, '').toLowerCase();
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0 || hostNames.includes(host)) return;
  throw new S3Error(
    'NotImplemented',
    'This endpoint serves path-style requests only (http://address:port/bucket/key): set forcePathStyle or pathStyle in the client.',
    { facts: { Host: host } },
  );
}
