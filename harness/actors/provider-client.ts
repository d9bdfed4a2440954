import { WavetankError } from '../../core/errors.ts';
import { signMessage } from '../../core/protocol/signing.ts';
import type { Answer } from '../scenario/checks.ts';
import type { Alteration } from './consumer.ts';
import { inTurn } from './in-turn.ts';
import type { OutsideHttp, OutsideRequest } from './outside-http.ts';

export interface SignedRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/services/`. */
  readonly route: string;
  /** The exact text to sign. */
  readonly message: (nonce: string) => string;
  /** Everything but nonce and signature. Body of POST, PUT and DELETE, query of GET. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface ProviderClientOptions {
  readonly http: OutsideHttp;
  readonly providerUrl: string;
  readonly address: string;
  readonly privateKey: string;
}

/** Signs and sends requests to one Provider. Signed requests go one after another, since their nonces must rise. */
export class ProviderClient {
  readonly #options: ProviderClientOptions;
  readonly #turn = inTurn();
  #lastNonce: number | undefined;

  constructor(options: ProviderClientOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.providerUrl;
  }

  ask<T>(route: string, request: Omit<OutsideRequest, 'url'> = {}): Promise<Answer<T>> {
    return this.#options.http.json<T>({ ...request, url: this.#urlOf(route) });
  }

  /** The last one that the Provider took; 0 before the first. */
  async lastNonce(): Promise<Answer<string>> {
    const answer = await this.ask<{ nonce: string | number | null }>('nonce', {
      query: { userAddress: this.#options.address },
    });
    return answer.ok ? { ok: true, value: String(answer.value.nonce ?? '0') } : answer;
  }

  /** @throws WavetankError NONCE_UNKNOWN (environment) */
  async nonce(): Promise<string> {
    const told = await this.lastNonce();
    if (told.ok) return told.value;
    const { code = '', message = '' } = told.refusal;
    throw new WavetankError('NONCE_UNKNOWN', `The Provider tells no nonce: ${code} ${message}`, {
      category: 'environment',
    });
  }

  signed<T>(request: SignedRequest, alteration: Alteration = {}): Promise<Answer<T>> {
    return this.#send(request, alteration, (signed) => this.#options.http.json<T>(signed));
  }

  signedBytes(request: SignedRequest, alteration: Alteration = {}): ReturnType<OutsideHttp['bytes']> {
    return this.#send(request, alteration, (signed) => this.#options.http.bytes(signed));
  }

  open(route: string, request: Omit<OutsideRequest, 'url'>): ReturnType<OutsideHttp['open']> {
    return this.#options.http.open({ ...request, url: this.#urlOf(route) });
  }

  #urlOf(route: string): string {
    return `${this.#options.providerUrl}/api/services/${route}`;
  }

  /** A Provider that tells no nonce has refused the request. */
  #send<T>(
    request: SignedRequest,
    alteration: Alteration,
    send: (signed: OutsideRequest) => Promise<Answer<T>>,
  ): Promise<Answer<T>> {
    return this.#turn(async () => {
      const { nonce: chosen } = alteration;
      const nonce = chosen === undefined ? await this.#nextNonce() : { ok: true as const, value: chosen };
      return nonce.ok ? send(this.#sign(request, nonce.value, alteration)) : nonce;
    });
  }

  #sign(request: SignedRequest, nonce: string, alteration: Alteration): OutsideRequest {
    // Whether the Provider takes a nonce of the caller's own choice, it knows better.
    if (alteration.nonce !== undefined) this.#lastNonce = undefined;
    const text = alteration.message ?? request.message(nonce);
    const signature = alteration.signature ?? signMessage(text, alteration.privateKey ?? this.#options.privateKey);
    const fields = withFields({ ...request.fields, nonce, signature }, alteration.fields ?? {});
    const sent = request.method === 'GET' ? { query: fields } : { body: fields };
    return { method: request.method, url: this.#urlOf(request.route), ...sent };
  }

  /** Asked for once, counted from there: as ocean.js, which adds one to what the Provider says. */
  async #nextNonce(): Promise<Answer<string>> {
    if (this.#lastNonce === undefined) {
      const told = await this.lastNonce();
      if (!told.ok) return told;
      this.#lastNonce = Number(told.value);
    }
    this.#lastNonce += 1;
    return { ok: true, value: String(this.#lastNonce) };
  }
}

/** `{ 'dataset.transferTxId': … }` replaces one field inside; undefined removes it. */
export function withFields(
  body: Readonly<Record<string, unknown>>,
  replaced: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const copy = structuredClone(body) as Record<string, unknown>;
  for (const [path, value] of Object.entries(replaced)) {
    const steps = path.split('.');
    const last = steps.pop() ?? path;
    let target = copy;
    for (const step of steps) target = (target[step] ??= {}) as Record<string, unknown>;
    if (value === undefined) delete target[last];
    else target[last] = value;
  }
  return copy;
}
