import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { ByteRange } from './byte-range.ts';
import type { FileObject, SmartContractFile } from './file-object.ts';

/** What a consumer sends along with a file's request. */
export type Userdata = Readonly<Record<string, unknown>>;

/** Where files of content-addressed networks are read; without slash at the end. */
export interface Gateways {
  readonly ipfs: string | undefined;
  readonly arweave: string | undefined;
}

export interface UrlRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly range?: ByteRange;
  /** The address says nothing about the file's name: it ends in a content id, or is a query's. */
  readonly isNameless?: boolean;
}

export type HttpFile = Exclude<FileObject, SmartContractFile>;

/** How a file is asked for over HTTP. */
export function requestFor(file: HttpFile, gateways: Gateways, userdata: Userdata = {}): Checked<UrlRequest> {
  const { headers } = file;
  switch (file.type) {
    case 'url': {
      const { url, method } = file;
      return passed(
        method === 'GET' || Object.keys(userdata).length === 0
          ? { url: withQuery(url, userdata), method, headers }
          : {
              url,
              method,
              headers: { 'content-type': 'application/json', ...headers },
              body: JSON.stringify(userdata),
            },
      );
    }
    case 'ipfs':
      return throughGateway(gateways.ipfs, `ipfs/${file.hash}`, file, userdata);
    case 'arweave':
      return throughGateway(gateways.arweave, file.transactionId, file, userdata);
    case 'graphql': {
      const variables = Object.keys(userdata).length === 0 ? {} : { variables: userdata };
      return passed({
        url: file.url,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: file.query, ...variables }),
        isNameless: true,
      });
    }
  }
}

function throughGateway(
  gateway: string | undefined,
  path: string,
  { type, headers }: HttpFile,
  userdata: Userdata,
): Checked<UrlRequest> {
  if (gateway === undefined) {
    return refuse({
      code: 'FILE_GATEWAY_MISSING',
      field: 'fileIndex',
      rule: 'file.gateway',
      message: `This Provider has no gateway for files of type ${type}.`,
      classic: 'Asset URL not found, not available or invalid.',
    });
  }
  return passed({ url: withQuery(`${gateway}/${path}`, userdata), method: 'GET', headers, isNameless: true });
}

/**
 * The consumer's parameters behind those that the publisher wrote. A name that the publisher's address has already
 * stays the publisher's: whoever buys a file must not turn its address into another's.
 */
function withQuery(address: string, userdata: Userdata): string {
  const entries = Object.entries(userdata).filter(([, value]) => value !== null && value !== undefined);
  if (entries.length === 0) return address;
  const url = new URL(address);
  const taken = new Set(url.searchParams.keys());
  for (const [name, value] of entries) {
    if (taken.has(name)) continue;
    for (const each of Array.isArray(value) ? value : [value])
      url.searchParams.append(name, typeof each === 'string' ? each : JSON.stringify(each));
  }
  return url.href;
}
