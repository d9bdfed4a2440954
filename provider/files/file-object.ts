import { z } from 'zod';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';

/** A file behind an HTTP address. The address is a secret of the publisher's. */
export interface UrlFile {
  readonly type: 'url';
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
}

export type FileObject = UrlFile;

/** What the classic Provider knows and this one does not serve yet. */
const OTHER_TYPES = new Set(['ipfs', 'arweave', 'graphql', 'smartcontract']);

const headersSchema = z.record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.string().regex(/^[^\r\n\0]*$/));

/** Headers that decide where a request goes or how it is framed are not a publisher's to set. */
const RESERVED_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'te',
  'range',
  'accept-encoding',
]);

/** Checks one entry of `files`. The texts are those of Provider 2.1.6, which clients may show. */
export function parseFileObject(value: unknown, field = 'files'): Checked<FileObject> {
  if (typeof value !== 'object' || value === null) return invalid(field, 'malformed file object.');
  const file = value as {
    readonly type?: unknown;
    readonly url?: unknown;
    readonly method?: unknown;
    readonly headers?: unknown;
  };
  const type = file.type ?? 'url';
  if (type !== 'url') {
    if (typeof type === 'string' && OTHER_TYPES.has(type)) {
      return refuse({
        code: 'FILE_TYPE_UNSUPPORTED',
        field,
        rule: 'file.type',
        message: `This Provider does not serve files of type ${type}.`,
        classic: `Unsupported type ${type}`,
      });
    }
    return invalid(field, `Unsupported type ${typeof type === 'string' ? type.slice(0, 40) : typeof type}`);
  }
  if (typeof file.url !== 'string' || !isHttpUrl(file.url))
    return invalid(field, 'malformed service files, missing required keys.');
  const method = String(file.method ?? 'GET').toUpperCase();
  if (method !== 'GET' && method !== 'POST') return invalid(field, `Unsafe method ${method.slice(0, 20)}.`);
  const headers = headersSchema.safeParse(file.headers ?? {});
  if (!headers.success) return invalid(field, 'malformed file object.');
  const kept = Object.entries(headers.data).filter(([name]) => !RESERVED_HEADERS.has(name.toLowerCase()));
  return passed({ type: 'url', url: file.url, method, headers: Object.fromEntries(kept) });
}

function isHttpUrl(text: string): boolean {
  if (text.length > 8192 || !URL.canParse(text)) return false;
  const { protocol } = new URL(text);
  return protocol === 'http:' || protocol === 'https:';
}

function invalid(field: string, classic: string): Checked<never> {
  return refuse({ code: 'FILE_OBJECT_INVALID', field, rule: 'file.object', message: classic, classic });
}
