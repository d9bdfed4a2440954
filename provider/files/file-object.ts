import { z } from 'zod';
import { isAddress } from '../../core/protocol/address.ts';
import type { Checked } from '../refusal.ts';
import { refuse, passed } from '../refusal.ts';
import type { FunctionAbi } from './function-abi.ts';
import { parseFunctionAbi } from './function-abi.ts';

type Headers = Readonly<Record<string, string>>;

/** A file behind an HTTP address. The address is a secret of the publisher's. */
export interface UrlFile {
  readonly type: 'url';
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Headers;
}

/** A file of the InterPlanetary File System, read through the operator's gateway. */
export interface IpfsFile {
  readonly type: 'ipfs';
  /** A content id, perhaps with a path below it. */
  readonly hash: string;
  readonly headers: Headers;
}

/** A file of Arweave, read through the operator's gateway. */
export interface ArweaveFile {
  readonly type: 'arweave';
  readonly transactionId: string;
  readonly headers: Headers;
}

/** The answer to a query. The consumer's parameters are the query's variables. */
export interface GraphqlFile {
  readonly type: 'graphql';
  readonly url: string;
  readonly query: string;
  readonly headers: Headers;
}

/** The answer of a contract's function. The consumer's parameters are its arguments, by name. */
export interface SmartContractFile {
  readonly type: 'smartcontract';
  readonly address: string;
  readonly chainId: number;
  readonly abi: FunctionAbi;
}

export type FileObject = UrlFile | IpfsFile | ArweaveFile | GraphqlFile | SmartContractFile;

type Entry = Readonly<Record<string, unknown>>;

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

/**
 * What may stand behind a gateway's address: an id and perhaps a path below it, no step of which leads upwards. The
 * classic Provider joined URLs here, so that a "hash" with a scheme of its own named any address whatever.
 */
const GATEWAY_PATH = /^[A-Za-z0-9_-]{1,128}(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]{1,255}){0,16}$/;

const MAX_URL = 8192;
const MAX_QUERY = 64 * 1024;

/** Checks one entry of `files`. The texts are those of Provider 2.1.6, which clients may show. */
export function parseFileObject(value: unknown, field = 'files'): Checked<FileObject> {
  if (typeof value !== 'object' || value === null) return invalid(field, 'malformed file object.');
  const entry = value as Entry;
  const type = entry['type'] ?? 'url';
  switch (type) {
    case 'url':
      return parseUrl(entry, field);
    case 'ipfs':
      return parseIpfs(entry, field);
    case 'arweave':
      return parseArweave(entry, field);
    case 'graphql':
      return parseGraphql(entry, field);
    case 'smartcontract':
      return parseSmartContract(entry, field);
    default: {
      const text = `Unsupported type ${typeof type === 'string' ? type.slice(0, 40) : typeof type}`;
      return refuse({ code: 'FILE_TYPE_UNSUPPORTED', field, rule: 'file.type', message: text, classic: text });
    }
  }
}

function parseUrl(entry: Entry, field: string): Checked<UrlFile> {
  if (!isHttpUrl(entry['url'])) return invalid(field, 'malformed service files, missing required keys.');
  const method = textOf(entry['method'] ?? 'GET').toUpperCase();
  if (method !== 'GET' && method !== 'POST') return invalid(field, `Unsafe method ${method.slice(0, 20)}.`);
  const { url } = entry;
  return withHeaders(entry, field, (headers) => ({ type: 'url', url, method, headers }));
}

function parseIpfs(entry: Entry, field: string): Checked<IpfsFile> {
  const { hash } = entry;
  if (!isGatewayPath(hash)) return invalid(field, 'malformed service files, missing required keys.');
  return withHeaders(entry, field, (headers) => ({ type: 'ipfs', hash, headers }));
}

function parseArweave(entry: Entry, field: string): Checked<ArweaveFile> {
  const { transactionId } = entry;
  if (!isGatewayPath(transactionId)) return invalid(field, 'malformed service files, missing transactionId.');
  return withHeaders(entry, field, (headers) => ({ type: 'arweave', transactionId, headers }));
}

function parseGraphql(entry: Entry, field: string): Checked<GraphqlFile> {
  const { url, query } = entry;
  if (!isHttpUrl(url)) return invalid(field, 'missing graphql endpoint');
  if (typeof query !== 'string' || query === '' || query.length > MAX_QUERY)
    return invalid(field, 'missing graphql query');
  return withHeaders(entry, field, (headers) => ({ type: 'graphql', url, query, headers }));
}

function parseSmartContract({ address, abi, chainId }: Entry, field: string): Checked<SmartContractFile> {
  if (!isAddress(address)) return invalid(field, 'malformed smartcontract type, missing contract address');
  const chain = Number(chainId);
  if (!Number.isSafeInteger(chain) || chain <= 0)
    return invalid(field, 'malformed smartcontract type, missing chainId');
  const parsed = parseFunctionAbi(abi);
  if (!parsed.ok) return invalid(field, parsed.problem);
  return passed({ type: 'smartcontract', address, chainId: chain, abi: parsed.abi });
}

function withHeaders<File extends FileObject>(
  entry: Entry,
  field: string,
  make: (headers: Headers) => File,
): Checked<File> {
  const headers = headersSchema.safeParse(entry['headers'] ?? {});
  if (!headers.success) return invalid(field, 'malformed file object.');
  const kept = Object.entries(headers.data).filter(([name]) => !RESERVED_HEADERS.has(name.toLowerCase()));
  return passed(make(Object.fromEntries(kept)));
}

function isGatewayPath(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 1024 && GATEWAY_PATH.test(value);
}

function isHttpUrl(text: unknown): text is string {
  if (typeof text !== 'string' || text.length > MAX_URL || !URL.canParse(text)) return false;
  const { protocol } = new URL(text);
  return protocol === 'http:' || protocol === 'https:';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value;
}

function invalid(field: string, classic: string): Checked<never> {
  return refuse({ code: 'FILE_OBJECT_INVALID', field, rule: 'file.object', message: classic, classic });
}
