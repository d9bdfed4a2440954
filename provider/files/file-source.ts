import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Dispatcher } from 'undici';
import { request } from 'undici';
import { WavetankError } from '../../core/errors.ts';
import type { Seams } from '../../core/seams.ts';
import type { ProviderConfig } from '../config.ts';
import type { ErrorCode } from '../codes.ts';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import { isPublicAddress } from './address-policy.ts';
import type { ByteRange } from './byte-range.ts';
import { formatRange } from './byte-range.ts';
import type { ContractCaller } from './contract-file.ts';
import { openContract } from './contract-file.ts';
import type { FileObject } from './file-object.ts';
import type { UrlRequest, Userdata } from './file-request.ts';
import { requestFor } from './file-request.ts';
import { endedWithin, guarded } from './guarded.ts';
import { openMirrored } from './mirror.ts';
import type { OpenedFile } from './opened-file.ts';
import { openedFrom } from './opened-file.ts';
import { readBounded } from './read-bounded.ts';

export interface OpenOptions {
  readonly range?: ByteRange | undefined;
  readonly userdata?: Userdata | undefined;
  /** The Provider reads the file itself: within `limits.readMs`, else its body breaks off. */
  readonly isReadHere?: boolean;
}

/** Opens files at their sources. Whoever opens one reads or destroys its body. */
export interface FileSource {
  /** `userdata` becomes parameters of a GET, the JSON body of a POST, variables of a query, arguments of a contract. */
  open(file: FileObject, options?: OpenOptions): Promise<Checked<OpenedFile>>;
  openUrl(request: UrlRequest, options?: Pick<OpenOptions, 'isReadHere'>): Promise<Checked<OpenedFile>>;
  /**
   * A whole answer, whatever its status, under the same rule.
   * @throws WavetankError STREAM_TOO_LARGE, or what broke the body off
   */
  ask(request: UrlRequest, maxBytes: number): Promise<Checked<{ readonly status: number; readonly text: string }>>;
}

export type HostResolver = (host: string) => Promise<readonly string[]>;

export interface FileSourceParts {
  /** Default: the system's. */
  readonly resolveHost?: HostResolver | undefined;
  /** Default: there are no contracts to read. */
  readonly callContract?: ContractCaller | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The safe-URL rule: a name is resolved once, every address is judged, and the connection goes to exactly the address
 * that was judged (D1: the classic check and the classic fetch resolved apart). Each redirect starts from the beginning.
 */
export function createFileSource(
  config: ProviderConfig,
  seams: Seams,
  { resolveHost = systemResolver, callContract = noContracts }: FileSourceParts = {},
): FileSource {
  const { limits, gateways } = config;

  async function openUrl(
    first: UrlRequest,
    { isReadHere = false }: Pick<OpenOptions, 'isReadHere'> = {},
  ): Promise<Checked<OpenedFile>> {
    const reached = await follow(first);
    if (!reached.ok) return reached;
    const { response, asked, mirrored } = reached.value;
    const opened = mirrored ? passed(mirrored) : openedFrom(response, asked);
    if (opened.ok && isReadHere) endedWithin(opened.value.body, seams.clock, limits.readMs);
    return opened;
  }

  async function ask(request: UrlRequest, maxBytes: number): Promise<Checked<{ status: number; text: string }>> {
    const reached = await follow(request);
    if (!reached.ok) return reached;
    const { response, mirrored } = reached.value;
    const { status, body } = mirrored ?? { status: response.statusCode, body: response.body };
    endedWithin(body, seams.clock, limits.readMs);
    const text = Buffer.from(await readBounded(body, maxBytes)).toString('utf8');
    return passed({ status, text });
  }

  async function follow(first: UrlRequest): Promise<Checked<Reached>> {
    let current = first;
    for (let hop = 0; hop <= limits.redirects; hop++) {
      const mirrored = await openMirrored(config.mirrors, current.url, current.range, seams.native);
      if (mirrored) return mirrored.ok ? passed({ mirrored: mirrored.value }) : mirrored;
      const target = await pin(new URL(current.url));
      if (!target.ok) return target;
      const answer = await send(target.value, current);
      if (!answer.ok) return answer;
      const location = answer.value.headers['location'];
      if (!REDIRECTS.has(answer.value.statusCode) || typeof location !== 'string')
        return passed({ response: answer.value, asked: current });
      answer.value.body.destroy();
      const next = URL.canParse(location, current.url) ? new URL(location, current.url) : undefined;
      if (!next || !/^https?:$/.test(next.protocol))
        return unreachable('It redirects to an address that is no HTTP one.');
      current = redirected(current, next, answer.value.statusCode);
    }
    return unreachable('It redirects too often.');
  }

  async function pin(url: URL): Promise<Checked<PinnedUrl>> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (config.allowNonPublicIp) return passed({ url, authority: url.host });
    const addresses = isIP(host) === 0 ? await resolved(host) : [host];
    const [address] = addresses;
    if (address === undefined) return unreachable('Its host has no address.');
    if (!addresses.every(isPublicAddress)) return forbidden();
    const pinned = new URL(url);
    pinned.hostname = isIP(address) === 6 ? `[${address}]` : address;
    return passed({ url: pinned, authority: url.host });
  }

  /** No answer within the time that a host has is no address. */
  function resolved(host: string): Promise<readonly string[]> {
    return new Promise((resolve) => {
      const timer = seams.clock.after(limits.fileTimeoutMs, () => resolve([]));
      const settle = (addresses: readonly string[]): void => {
        timer.cancel();
        resolve(addresses);
      };
      resolveHost(host).then(settle, () => settle([]));
    });
  }

  async function send(
    target: PinnedUrl,
    { method, headers, body, range }: UrlRequest,
  ): Promise<Checked<Dispatcher.ResponseData>> {
    const limit = new AbortController();
    const timer = seams.clock.after(limits.fileTimeoutMs, () =>
      limit.abort(new WavetankError('FILE_TIMEOUT', 'No answer in time.')),
    );
    try {
      const { username, password } = target.url;
      const credentials =
        username === ''
          ? {}
          : {
              authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`,
            };
      const response = await request(withoutCredentials(target.url), {
        dispatcher: seams.net.dispatcher,
        method,
        // The host header also names the server to TLS, so a pinned address is still checked against its own certificate.
        headers: {
          ...credentials,
          ...headers,
          host: target.authority,
          'accept-encoding': 'identity',
          ...(range ? { range: formatRange(range) } : {}),
        },
        body: body ?? null,
        signal: limit.signal,
        bodyTimeout: limits.fileTimeoutMs,
      });
      guarded(response.body);
      return passed(response);
    } catch (error) {
      seams.log.debug('A file could not be opened.', { problem: codeOf(error) });
      return unreachable('Its host did not answer.');
    } finally {
      timer.cancel();
    }
  }

  return {
    openUrl,
    ask,
    async open(file, options = {}) {
      if (file.type === 'smartcontract') return openContract(callContract, file, options);
      const asked = requestFor(file, gateways, options.userdata);
      if (!asked.ok) return asked;
      return openUrl({ ...asked.value, ...(options.range ? { range: options.range } : {}) }, options);
    },
  };
}

/** The last host of a chain of redirects, or a local file in its place. */
type Reached =
  | { readonly mirrored: OpenedFile; readonly response?: undefined; readonly asked?: undefined }
  | { readonly response: Dispatcher.ResponseData; readonly asked: UrlRequest; readonly mirrored?: undefined };

interface PinnedUrl {
  readonly url: URL;
  readonly authority: string;
}

/** A publisher's headers (often credentials) stay with the host they were written for. */
function redirected(from: UrlRequest, to: URL, status: number): UrlRequest {
  const isSameOrigin = new URL(from.url).origin === to.origin;
  const keepsMethod = status === 307 || status === 308;
  return {
    url: to.href,
    method: keepsMethod ? from.method : 'GET',
    headers: isSameOrigin ? from.headers : {},
    ...(keepsMethod && isSameOrigin && from.body !== undefined ? { body: from.body } : {}),
    ...(from.range ? { range: from.range } : {}),
    ...(from.isNameless ? { isNameless: true } : {}),
  };
}

function noContracts(): Promise<never> {
  return Promise.reject(new WavetankError('CONTRACT_CALL_FAILED', 'There is no chain to ask.'));
}

async function systemResolver(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

/** The library's messages may hold the address, which is a secret. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'unknown';
}

function unreachable(why: string): Checked<never> {
  return refuse(fileReason('FILE_UNREACHABLE', 'file.reachable', `The file cannot be read. ${why}`));
}

function forbidden(): Checked<never> {
  return refuse(
    fileReason('FILE_ADDRESS_FORBIDDEN', 'file.address', 'The file lies at an address that is not public.'),
  );
}

function fileReason(code: ErrorCode, rule: string, message: string): Parameters<typeof refuse>[0] {
  return { code, field: 'fileIndex', rule, message, classic: 'Asset URL not found, not available or invalid.' };
}
