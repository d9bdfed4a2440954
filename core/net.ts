import http from 'node:http';
import https from 'node:https';
import type { Dispatcher, RequestInit, Response } from 'undici';
import { Agent, fetch } from 'undici';
import { WavetankError } from './errors.ts';

/**
 * The network seam: every connection of every client of one component passes it.
 * `fence` is how a harness kills a component in this process: from then on it can reach nobody.
 */
export interface Net {
  /** For undici's `fetch` and `request`. */
  readonly dispatcher: Dispatcher;
  /** For clients that take a `node:http` agent (minio, for one). */
  readonly httpAgent: http.Agent;
  readonly httpsAgent: https.Agent;
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  /** Cuts every open connection and refuses every new one, for good. */
  fence(): void;
  readonly isFenced: boolean;
  /** Lets running requests end and closes idle connections. */
  close(): Promise<void>;
}

export interface NetOptions {
  /** Extra certificate authority (PEM) to trust, as for a cluster's own API server. */
  readonly ca?: string;
  readonly connectTimeoutMs?: number;
}

export function createNet(options: NetOptions = {}): Net {
  const connect = { timeout: options.connectTimeoutMs ?? 10_000, ...(options.ca ? { ca: options.ca } : {}) };
  const dispatcher = new Agent({ connect, keepAliveTimeout: 30_000, bodyTimeout: 0, headersTimeout: 60_000 });
  const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  const httpsAgent = new https.Agent({ keepAlive: true, maxSockets: 256, ...(options.ca ? { ca: options.ca } : {}) });
  let isFenced = false;
  refuseWhen(httpAgent, () => isFenced);
  refuseWhen(httpsAgent, () => isFenced);

  return {
    dispatcher,
    httpAgent,
    httpsAgent,
    get isFenced() {
      return isFenced;
    },
    fetch: (url, init) => {
      if (isFenced)
        return Promise.reject(new WavetankError('NET_FENCED', 'This component was cut off from the network.'));
      return fetch(url, { ...init, dispatcher });
    },
    fence() {
      if (isFenced) return;
      isFenced = true;
      // A fenced component counts as killed: nobody is left to hear how its connections ended.
      dispatcher.destroy().catch(() => undefined);
      httpAgent.destroy();
      httpsAgent.destroy();
    },
    async close() {
      httpAgent.destroy();
      httpsAgent.destroy();
      if (!isFenced) await dispatcher.destroy();
    },
  };
}

/** `http.Agent` has no switch of its own; its connection factory is the documented place to override. */
function refuseWhen(agent: http.Agent, isRefused: () => boolean): void {
  const target = agent as unknown as { createConnection: (...args: unknown[]) => unknown };
  const create = target.createConnection.bind(agent);
  target.createConnection = (...args) => {
    if (isRefused()) throw new WavetankError('NET_FENCED', 'This component was cut off from the network.');
    return create(...args);
  };
}
