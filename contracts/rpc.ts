import type { GetUrlResponse } from 'ethers';
import { FetchRequest, JsonRpcProvider, Network } from 'ethers';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { WavetankError, isWavetankError } from '../core/errors.ts';
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

/**
 * An ethers provider whose every request goes through the component's own `Net`, so that a cut network cuts it too.
 * Nothing polls until somebody waits. Whoever opens it calls `destroy()`.
 * Requests fail with WavetankError CHAIN_UNREACHABLE, CHAIN_TIMEOUT, CHAIN_ANSWER_TOO_LARGE, NET_FENCED.
 */
export function connectChain(options: ChainConnectionOptions): JsonRpcProvider {
  const network = Network.from(options.chainId);
  return new JsonRpcProvider(chainRequest(options), network, {
    staticNetwork: network,
    pollingInterval: options.pollingIntervalMs ?? 50,
    // ethers would answer a repeated read from memory for 250 ms: an order validated against yesterday's state.
    cacheTimeout: -1,
    // Calls of one turn of the event loop share a request; waiting longer would only add to every single one.
    batchStallTime: 0,
    batchMaxCount: 50,
  });
}

function chainRequest({
  rpcUrl,
  net,
  clock = systemClock,
  requestTimeoutMs = 30_000,
}: ChainConnectionOptions): FetchRequest {
  const request = new FetchRequest(rpcUrl);
  request.getUrlFunc = (sent) => sendOnce(sent, net, clock, requestTimeoutMs);
  request.timeout = requestTimeoutMs;
  request.setThrottleParams({ maxAttempts: 3 });
  return request;
}

async function sendOnce(request: FetchRequest, net: Net, clock: Clock, timeoutMs: number): Promise<GetUrlResponse> {
  const limit = new AbortController();
  const timer = clock.after(timeoutMs, () =>
    limit.abort(new WavetankError('CHAIN_TIMEOUT', `The chain's node gave no answer within ${timeoutMs} ms.`)),
  );
  try {
    const response = await net.fetch(request.url, {
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      // A node has no reason to send its callers elsewhere.
      redirect: 'error',
      signal: limit.signal,
    });
    return {
      statusCode: response.status,
      statusMessage: response.statusText,
      headers: Object.fromEntries(response.headers),
      body: await readBounded(response.body),
    };
  } catch (error) {
    if (isWavetankError(error)) throw error;
    throw new WavetankError('CHAIN_UNREACHABLE', "The chain's node cannot be reached.", {
      category: 'environment',
      cause: error,
    });
  } finally {
    timer.cancel();
  }
}

async function readBounded(body: AsyncIterable<Uint8Array> | null): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > LARGEST_ANSWER_BYTES)
      throw new WavetankError(
        'CHAIN_ANSWER_TOO_LARGE',
        `The chain's node sent more than ${LARGEST_ANSWER_BYTES} bytes.`,
      );
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
