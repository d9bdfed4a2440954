import type { Clock } from '../../core/clock.ts';
import { checksumAddress, isAddress } from '../../core/protocol/address.ts';
import { isSignedBy, OPERATOR_AUTH_HEADERS } from '../../core/protocol/operator-auth.ts';
import { OperatorRefusal } from './refusal.ts';

export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawBody: string;
}

/** How far a Provider's clock may be off, and how long a nonce is remembered. */
const WINDOW_MS = 300_000;
const MAX_REMEMBERED = 100_000;

/**
 * Knows which Provider speaks. A nonce is microseconds since the epoch and is taken once, in any order, since a Provider asks
 * for many things at a time. What was seen before a restart is forgotten, so nonces from before the start are refused.
 */
export class ProviderAuth {
  readonly #allowed: ReadonlySet<string>;
  readonly #clock: Clock;
  readonly #notBeforeMs: number;
  #seen = new Map<string, number>();

  constructor(allowedProviders: readonly string[], clock: Clock) {
    this.#allowed = new Set(allowedProviders.map(checksumAddress));
    this.#clock = clock;
    // A request that was signed just before the start was not answered by this instance: one second is for its journey.
    this.#notBeforeMs = clock.now() - 1000;
  }

  /** @throws OperatorRefusal PROVIDER_SIGNATURE_MISSING, PROVIDER_NOT_ALLOWED, PROVIDER_SIGNATURE_INVALID, NONCE_OUT_OF_WINDOW, NONCE_USED */
  authenticate(request: SignedRequest): string {
    const [address, nonce, signature] = [
      header(request, 'address'),
      header(request, 'nonce'),
      header(request, 'signature'),
    ];
    if (!isAddress(address) || !/^\d{1,16}$/.test(nonce) || signature === '')
      throw new OperatorRefusal(401, 'PROVIDER_SIGNATURE_MISSING', 'The request is not signed by a Provider.');
    const provider = checksumAddress(address);
    if (!this.#allowed.has(provider))
      throw new OperatorRefusal(
        401,
        'PROVIDER_NOT_ALLOWED',
        'This operator does not work for that Provider.',
        OPERATOR_AUTH_HEADERS.address,
      );
    const signed = { method: request.method, target: request.url, body: request.rawBody, nonce };
    if (!isSignedBy(signed, signature, provider))
      throw new OperatorRefusal(
        401,
        'PROVIDER_SIGNATURE_INVALID',
        'The signature is not over this request.',
        OPERATOR_AUTH_HEADERS.signature,
      );
    this.#takeNonce(provider, nonce);
    return provider;
  }

  #takeNonce(provider: string, nonce: string): void {
    const now = this.#clock.now();
    const sentMs = Number(nonce) / 1000;
    if (Math.abs(now - sentMs) > WINDOW_MS || sentMs < this.#notBeforeMs)
      throw new OperatorRefusal(
        401,
        'NONCE_OUT_OF_WINDOW',
        'The nonce is too old or too new.',
        OPERATOR_AUTH_HEADERS.nonce,
      );
    const key = `${provider}:${BigInt(nonce)}`;
    if (this.#seen.has(key))
      throw new OperatorRefusal(401, 'NONCE_USED', 'The nonce was used before.', OPERATOR_AUTH_HEADERS.nonce);
    if (this.#seen.size >= MAX_REMEMBERED) this.#forgetOld(now);
    if (this.#seen.size >= MAX_REMEMBERED)
      throw new OperatorRefusal(429, 'TOO_MANY_REQUESTS', 'Too many requests in too short a time.');
    this.#seen.set(key, sentMs);
  }

  #forgetOld(now: number): void {
    this.#seen = new Map([...this.#seen].filter(([, sentMs]) => now - sentMs <= WINDOW_MS));
  }
}

function header(request: SignedRequest, name: keyof typeof OPERATOR_AUTH_HEADERS): string {
  const value = request.headers[OPERATOR_AUTH_HEADERS[name]];
  return typeof value === 'string' ? value : '';
}
