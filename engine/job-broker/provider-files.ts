import { messageOf, WavetankError } from '../../core/errors.ts';
import type { HttpAnswer } from '../../core/http-request.ts';
import { isRedirect, readBody, sendRequest } from '../../core/http-request.ts';
import type { Net } from '../../core/net.ts';
import { checksumAddress } from '../../core/protocol/address.ts';
import type { GrantedFile } from '../../core/protocol/workflow.ts';

/** Which Providers an operator works for, and where each may be fetched from: address -> base URLs as this broker reaches them. */
export type AllowedProviders = Readonly<Record<string, readonly string[]>>;

/**
 * Streams a file from the Provider that asked for the job. Only from an address that the operator listed for it, and
 * never along a redirect: otherwise a workflow could make the broker fetch from anywhere inside the operator's network.
 */
export class ProviderFiles {
  readonly #net: Net;
  readonly #origins: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(net: Net, allowed: AllowedProviders) {
    this.#net = net;
    this.#origins = new Map(
      Object.entries(allowed).map(([address, urls]) => [
        checksumAddress(address),
        new Set(urls.map((url) => new URL(url).origin)),
      ]),
    );
  }

  /**
   * @throws WavetankError PROVIDER_NOT_ALLOWED, PROVIDER_UNREACHABLE (may pass), INPUT_REFUSED with the Provider's own code in its details
   */
  async open(provider: string, file: GrantedFile, range: string | undefined): Promise<HttpAnswer> {
    this.#assertAllowed(provider, file.url);
    const headers = { authorization: `Bearer ${file.capability}`, ...(range === undefined ? {} : { range }) };
    let answer: HttpAnswer;
    try {
      answer = await sendRequest(this.#net, file.url, { headers });
    } catch (cause) {
      throw new WavetankError('PROVIDER_UNREACHABLE', 'The Provider of an input cannot be reached.', { cause });
    }
    return served(answer);
  }

  #assertAllowed(provider: string, url: string): void {
    let origin: string;
    try {
      origin = new URL(url).origin;
    } catch (cause) {
      throw new WavetankError('PROVIDER_NOT_ALLOWED', `An input has no valid address: ${messageOf(cause)}`);
    }
    if (this.#origins.get(checksumAddress(provider))?.has(origin)) return;
    throw new WavetankError('PROVIDER_NOT_ALLOWED', 'This operator does not fetch inputs from there.', {
      details: { provider },
    });
  }
}

/** Nothing was refused for good: asked again with another nonce, it may be served. */
const PASSING_REFUSALS = new Set(['NONCE_NOT_GREATER', 'NONCE_ALREADY_USED']);

/** @throws WavetankError PROVIDER_UNREACHABLE (may pass), INPUT_REFUSED with the Provider's own code in its details */
export async function served(answer: HttpAnswer): Promise<HttpAnswer> {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const code = await codeOf(answer);
  // Where it sends us we do not go.
  if (answer.status >= 500 || isRedirect(answer.status) || PASSING_REFUSALS.has(code))
    throw new WavetankError('PROVIDER_UNREACHABLE', 'The Provider of an input failed.', { details: { code } });
  throw new WavetankError('INPUT_REFUSED', 'The Provider refused an input.', {
    details: { status: answer.status, code },
  });
}

const LONGEST_REFUSAL_BYTES = 4096;

async function codeOf({ body }: HttpAnswer): Promise<string> {
  try {
    const text = await readBody(body, LONGEST_REFUSAL_BYTES, () => new Error('too long'));
    const { code } = JSON.parse(text.toString('utf8')) as { code?: unknown };
    return typeof code === 'string' ? code : 'REFUSED';
  } catch {
    return 'REFUSED';
  }
}
