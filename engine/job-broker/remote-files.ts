import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { isWavetankError, WavetankError } from '../../core/errors.ts';
import type { HttpAnswer } from '../../core/http-request.ts';
import { readBody, sendRequest } from '../../core/http-request.ts';
import type { Net } from '../../core/net.ts';
import { checksumAddress, sameAddress } from '../../core/protocol/address.ts';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import { addressOfPrivateKey, signMessage } from '../../core/protocol/signing.ts';
import { isWellKnownKey, LOCAL_CHAINS } from '../../core/protocol/well-known-keys.ts';
import type { RemoteFile } from '../../core/protocol/workflow.ts';
import type { AllowedProviders } from './provider-files.ts';
import { served } from './provider-files.ts';

export interface RemoteFilesParts {
  readonly net: Net;
  readonly clock: Clock;
  /** Asked for every file: a Provider's address may change while the broker runs. */
  readonly providers: () => AllowedProviders;
  readonly keys: readonly string[];
}

/** Who downloads, and for an order of which chain. */
export interface RemoteConsumer {
  readonly chainId: number;
  /** Address of the job's environment. */
  readonly consumer: string;
}

const NONCE = z.object({ nonce: z.union([z.string().regex(/^\d+(\.\d+)?$/), z.number()]).nullable() });
const NONCE_BYTES = 4096;
/** From the question for a nonce to the headers of the file: whoever waits behind it waits no longer. */
const HEADERS_MS = 60_000;

/**
 * Streams files that another Provider than the job's own serves, by its plain `/download`, which every Ocean Provider has: signed just
 * in time with the environment's key, since the environment is the consumer that such an order names. Where the Provider
 * answers is what the operator listed for its address, never what a document says (T4).
 *
 * One request at a time for each Provider and address until its headers are there: nonces rise, and the Provider may see
 * two requests in another order than they were signed in.
 */
export class RemoteFiles {
  readonly #parts: RemoteFilesParts;
  readonly #keys: ReadonlyMap<string, string>;
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #lastNonces = new Map<string, number>();

  constructor(parts: RemoteFilesParts) {
    this.#parts = parts;
    this.#keys = new Map(parts.keys.map((key) => [addressOfPrivateKey(key), key]));
  }

  /**
   * @throws WavetankError PROVIDER_NOT_ALLOWED, ENVIRONMENT_KEY_MISSING, PROVIDER_UNREACHABLE (may pass), INPUT_REFUSED with
   * the Provider's own code in its details
   */
  async open(file: RemoteFile, { chainId, consumer }: RemoteConsumer, range: string | undefined): Promise<HttpAnswer> {
    const base = this.#baseOf(file.remote.provider);
    const key = this.#keyOf(consumer, chainId);
    return this.#inTurn(`${base} ${consumer}`, () => this.#download(base, file, key, range));
  }

  #baseOf(provider: string): string {
    const listed = Object.entries(this.#parts.providers()).find(([address]) => sameAddress(address, provider));
    const [url] = listed?.[1] ?? [];
    if (url) return url.replace(/\/+$/, '');
    throw new WavetankError('PROVIDER_NOT_ALLOWED', 'This operator does not fetch inputs from there.', {
      details: { provider },
    });
  }

  /** A key that everybody has signs for chains of one machine alone (A8). */
  #keyOf(consumer: string, chainId: number): string {
    const key = consumer === '' ? undefined : this.#keys.get(checksumAddress(consumer));
    if (key !== undefined && (LOCAL_CHAINS.has(chainId) || !isWellKnownKey(key))) return key;
    throw new WavetankError('ENVIRONMENT_KEY_MISSING', 'This operator has no key to fetch inputs for the environment.');
  }

  async #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(name);
    const mine = (async () => {
      await before?.catch(() => undefined);
      return work();
    })();
    this.#turns.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(name) === mine) this.#turns.delete(name);
    }
  }

  async #download(base: string, file: RemoteFile, key: string, range: string | undefined): Promise<HttpAnswer> {
    const { net, clock } = this.#parts;
    const consumer = addressOfPrivateKey(key);
    const limit = new AbortController();
    const timer = clock.after(HEADERS_MS, () =>
      limit.abort(new WavetankError('REQUEST_TIMEOUT', 'No answer in time.')),
    );
    try {
      const nonce = await this.#nextNonce(base, consumer, limit.signal);
      const url = downloadUrl(base, file, consumer, nonce, key);
      const headers = range === undefined ? {} : { range };
      return await served(await sendRequest(net, url, { headers, signal: limit.signal }));
    } catch (cause) {
      if (isWavetankError(cause) && cause.code !== 'REQUEST_TIMEOUT') throw cause;
      // The cause names the address, which holds a signature: it stays here.
      throw new WavetankError('PROVIDER_UNREACHABLE', 'The Provider of an input cannot be reached.');
    } finally {
      timer.cancel();
    }
  }

  /** Above what the Provider knows and what was signed here before; milliseconds, so that another broker's rise as well. */
  async #nextNonce(base: string, consumer: string, signal: AbortSignal): Promise<string> {
    const answer = await served(
      await sendRequest(this.#parts.net, `${base}/api/services/nonce?userAddress=${consumer}`, { signal }),
    );
    const text = await readBody(answer.body, NONCE_BYTES, () => new Error('too long'));
    const stored = Number(NONCE.parse(JSON.parse(text.toString('utf8'))).nonce ?? 0);
    const name = `${base} ${consumer}`;
    const next = Math.max(this.#parts.clock.now(), Math.floor(stored) + 1, (this.#lastNonces.get(name) ?? 0) + 1);
    this.#lastNonces.set(name, next);
    return String(next);
  }
}

function downloadUrl(base: string, file: RemoteFile, consumer: string, nonce: string, key: string): URL {
  const { did, serviceId, transferTxId, userdata } = file.remote;
  const url = new URL(`${base}/api/services/download`);
  const parameters = {
    fileIndex: String(file.index),
    documentId: did,
    transferTxId,
    serviceId,
    consumerAddress: consumer,
    nonce,
    signature: signMessage(signedMessages.download(did, nonce), key),
    ...(userdata === undefined ? {} : { userdata: JSON.stringify(userdata) }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}
