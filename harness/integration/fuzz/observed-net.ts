import { Agent, buildConnector, fetch } from 'undici';
import type { Net } from '../../../core/net.ts';
import { createNet } from '../../../core/net.ts';

/** All the public addresses that there are in the test world. */
const PUBLIC = new Set(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946']);

/** A Net whose every dial is seen. Public addresses lead to one host of ours, so that no request leaves the machine. */
export interface ObservedNet {
  readonly net: Net;
  /** Dials since the last question that the address policy forbids: neither public nor one of the services that the component is configured with. */
  takeForbidden(): readonly string[];
  readonly dials: () => number;
  /** Ports of loopback that the component is configured with. */
  allow(...urls: readonly string[]): void;
}

export function observedNet(publicPort: () => number): ObservedNet {
  const inner = createNet();
  const real = buildConnector({ timeout: 2_000 });
  const allowed = new Set<string>();
  const forbidden: string[] = [];
  let dials = 0;
  const dispatcher = new Agent({
    keepAliveTimeout: 1_000,
    bodyTimeout: 0,
    headersTimeout: 60_000,
    connect: (options, callback) => {
      dials++;
      const { hostname, port, protocol } = options;
      const host = hostname.replace(/^\[|\]$/g, '');
      if (host === '127.0.0.1' && allowed.has(port)) return real(options, callback);
      // Judged by a list of its own: a hole in the Provider's policy must not be one here. A name was resolved by nobody.
      if (!PUBLIC.has(host)) {
        if (forbidden.length < 100) forbidden.push(`${protocol}//${hostname}:${port}`);
        return callback(new Error('The test world has no such address.'), null);
      }
      if (protocol !== 'http:') return callback(new Error('The test world speaks no TLS.'), null);
      return real({ ...options, hostname: '127.0.0.1', port: String(publicPort()) }, callback);
    },
  });
  const net: Net = {
    ...inner,
    dispatcher,
    fetch: (url, init) => fetch(url, { ...init, dispatcher }),
    close: async () => {
      await dispatcher.destroy();
      await inner.close();
    },
  };
  return {
    net,
    takeForbidden: () => forbidden.splice(0),
    dials: () => dials,
    allow: (...urls) => urls.forEach((url) => allowed.add(new URL(url).port)),
  };
}

/** Names of the test world. `rebind.test` is public when it is looked up the first time and loopback the next, and so on. */
export function hostileResolver(): (host: string) => Promise<readonly string[]> {
  let lookups = 0;
  const answers: Readonly<Record<string, () => readonly string[]>> = {
    'public.test': () => ['93.184.216.34'],
    'six.test': () => ['2606:2800:220:1:248:1893:25c8:1946'],
    'private.test': () => ['10.0.0.1'],
    'mapped.test': () => ['::ffff:127.0.0.1'],
    'mixed.test': () => ['93.184.216.34', '127.0.0.1'],
    'rebind.test': () => [lookups++ % 2 === 0 ? '93.184.216.34' : '127.0.0.1'],
    'nonsense.test': () => ['not an address'],
  };
  return (host) => {
    // A resolver that never answers.
    if (host === 'silent.test') return new Promise<readonly string[]>(() => undefined);
    const answer = answers[host];
    return answer ? Promise.resolve(answer()) : Promise.reject(new Error('ENOTFOUND'));
  };
}
