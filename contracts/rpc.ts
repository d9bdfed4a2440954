import type { JsonRpcPayload, JsonRpcResult } from 'ethers';
import { JsonRpcProvider, Network } from 'ethers';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { WavetankError, isWavetankError } from '../core/errors.ts';
import { readBody, sendRequest } from '../core/http-request.ts';
import type { Net } from '../core/net.ts';

export interface ChainConnectionOptions {
  readonly rpcUrl: string;
  /** Said, not asked: saves a round trip, and a wrong one shows as refused signatures at once. */
  readonly chainId: number;
  readonly net: Net;
  /** For the request time limit. Default: the system's. */
  readonly clock?: Clock;
  /** Default 30 s for one request. */
  readonly requestTimeoutMs?: number;
  /** How often a receipt that is not there yet is looked for. Default 50 ms; the first look is at once. */
  readonly pollingIntervalMs?: number;
}

/** Largest answer that is read: a year of events in one eth_getLogs is smaller. */
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/** How often a node that is asked too much is asked again, and after how long at first; each time twice as long. */
const MOST_TRIES = 3;
const FIRST_PAUSE_MS = 250;
const TOO_MANY_REQUESTS = 429;

/**
 * An ethers provider whose every request goes through the component's own `Net`, so that a cut network cuts it too.
 * Nothing polls until somebody waits. Whoever opens it calls `destroy()`.
 * Requests fail with WavetankError CHAIN_UNREACHABLE, CHAIN_TIMEOUT, CHAIN_ANSWER_TOO_LARGE, NET_FENCED.
 */
export function connectChain(options: ChainConnectionOptions): JsonRpcProvider {
  return new NetProvider(options);
}

/** Errors among them, as in ethers' own types. */
type Answers = JsonRpcResult[];

/** ethers' own requests decode every answer in JavaScript: a tenth of a second in a scenario. */
class NetProvider extends JsonRpcProvider {
  readonly #options: ChainConnectionOptions;

  constructor(options: ChainConnectionOptions) {
    const network = Network.from(options.chainId);
    super(options.rpcUrl, network, {
      staticNetwork: network,
      pollingInterval: options.pollingIntervalMs ?? 50,
      // ethers would answer a repeated read from memory for 250 ms: an order validated against yesterday's state.
      cacheTimeout: -1,
      // Calls of one turn of the event loop share a request; waiting longer would only add to every single one.
      batchStallTime: 0,
      batchMaxCount: 50,
    });
    this.#options = options;
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<Answers> {
    const { clock = systemClock } = this.#options;
    const body = JSON.stringify(payload);
    for (let tries = 1, pauseMs = FIRST_PAUSE_MS; ; tries++, pauseMs *= 2) {
      const { status, text } = await sendOnce(body, this.#options);
      if (status === TOO_MANY_REQUESTS && tries < MOST_TRIES) await clock.sleep(pauseMs);
      else return answersOf(status, text);
    }
  }
}

function answersOf(status: number, text: string): Answers {
  const parsed = status >= 200 && status < 300 ? parse(text) : undefined;
  if (typeof parsed !== 'object' || parsed === null)
    throw new WavetankError('CHAIN_UNREACHABLE', `The chain's node answers ${status}, and no JSON-RPC.`, {
      category: 'environment',
      details: { status },
    });
  return Array.isArray(parsed) ? (parsed as Answers) : [parsed as Answers[number]];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function sendOnce(
  body: string,
  { rpcUrl, net, clock = systemClock, requestTimeoutMs = 30_000 }: ChainConnectionOptions,
): Promise<{ status: number; text: string }> {
  const limit = new AbortController();
  const timer = clock.after(requestTimeoutMs, () =>
    limit.abort(new WavetankError('CHAIN_TIMEOUT', `The chain's node gave no answer within ${requestTimeoutMs} ms.`)),
  );
  try {
    // Follows no redirect: a node has no reason to send its callers elsewhere.
    const answer = await sendRequest(net, rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: limit.signal,
    });
    const text = await readBody(answer.body, LARGEST_ANSWER_BYTES, answerTooLarge);
    return { status: answer.status, text: text.toString('utf8') };
  } catch (error) {
    if (isWavetankError(error)) throw error;
    if (limit.signal.aborted) throw limit.signal.reason;
    throw new WavetankError('CHAIN_UNREACHABLE', "The chain's node cannot be reached.", {
      category: 'environment',
      cause: error,
    });
  } finally {
    timer.cancel();
  }
}

function answerTooLarge(): WavetankError {
  const message = `The chain's node sent more than ${LARGEST_ANSWER_BYTES} bytes.`;
  return new WavetankError('CHAIN_ANSWER_TOO_LARGE', message);
}
