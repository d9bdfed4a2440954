import http from 'node:http';
import https from 'node:https';
import { createSecureContext } from 'node:tls';
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
  /** Aborted by `fence`: whoever listens for this component hangs up too, since a killed one answers nobody. */
  readonly fenced: AbortSignal;
  /**
   * The same component's connections to a server with its own certificate authority or client certificate, as a cluster's API server has.
   * It is fenced and closed with its parent.
   */
  child(options: NetOptions): Net;
  /** Ends running requests and closes every connection. */
  close(): Promise<void>;
}

export interface NetOptions {
  /** Extra certificate authority (PEM) to trust, as for a cluster's own API server. */
  readonly ca?: string;
  /** Client certificate and key (PEM). */
  readonly cert?: string;
  readonly key?: string;
  /** False only where a kubeconfig says `insecure-skip-tls-verify`. */
  readonly rejectUnauthorized?: boolean;
  /** The name in the server's certificate, where it differs from the URL's. */
  readonly servername?: string;
  readonly connectTimeoutMs?: number;
  /** Connections of the dispatcher to one server; requests above it wait. Default: as many as there are requests. */
  readonly maxConnections?: number;
  /** Origins by origin: requests of the dispatcher to the first go to the second, as an entry of a hosts file would have it. */
  readonly aliases?: Readonly<Record<string, string>>;
}

export function createNet(options: NetOptions = {}): Net {
  const { connectTimeoutMs, maxConnections, aliases, ...tls } = options;
  // Made once: parsing the certificates anew is the dearest part of every connection.
  const secureContext = tls.ca || tls.cert ? { secureContext: createSecureContext(tls) } : {};
  const connect = { timeout: connectTimeoutMs ?? 10_000, ...tls, ...secureContext };
  const agent = new Agent({
    connect,
    keepAliveTimeout: 30_000,
    // Servers offer longer; a connection that is given up well before its server closes it is never met half-closed.
    keepAliveMaxTimeout: 30_000,
    bodyTimeout: 0,
    headersTimeout: 60_000,
    ...(maxConnections === undefined ? {} : { connections: maxConnections }),
  });
  const dispatcher = hasEntries(aliases) ? agent.compose(toAliases(aliases)) : agent;
  const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  const httpsAgent = new https.Agent({ keepAlive: true, maxSockets: 256, ...tls });
  const children = new Set<Net>();
  const fencing = new AbortController();
  const isFenced = (): boolean => fencing.signal.aborted;
  refuseWhen(httpAgent, isFenced);
  refuseWhen(httpsAgent, isFenced);

  return {
    dispatcher,
    httpAgent,
    httpsAgent,
    get isFenced() {
      return isFenced();
    },
    fenced: fencing.signal,
    fetch: (url, init) => {
      if (isFenced())
        return Promise.reject(new WavetankError('NET_FENCED', 'This component was cut off from the network.'));
      return fetch(url, { ...init, dispatcher });
    },
    fence() {
      if (isFenced()) return;
      // First, so that nobody is answered because of what fails now.
      fencing.abort(new WavetankError('NET_FENCED', 'This component was cut off from the network.'));
      // A fenced component counts as killed: nobody is left to hear how its connections ended.
      dispatcher.destroy().catch(() => undefined);
      httpAgent.destroy();
      httpsAgent.destroy();
      for (const child of children) child.fence();
    },
    child(childOptions) {
      const child = createNet({ ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }), ...childOptions });
      if (isFenced()) child.fence();
      children.add(child);
      return child;
    },
    async close() {
      await Promise.all([...children].map((child) => child.close()));
      httpAgent.destroy();
      httpsAgent.destroy();
      if (!isFenced()) await dispatcher.destroy();
    },
  };
}

function hasEntries(aliases: NetOptions['aliases']): aliases is NonNullable<typeof aliases> {
  return aliases !== undefined && Object.keys(aliases).length > 0;
}

function toAliases(aliases: Readonly<Record<string, string>>): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (request, handler) => {
    const origin = request.origin === undefined ? undefined : aliases[new URL(request.origin).origin];
    return dispatch(origin === undefined ? request : { ...request, origin }, handler);
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
