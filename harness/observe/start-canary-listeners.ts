import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import { randomHex } from '../../core/entropy.ts';
import { ResourceStack, runningResource } from '../../core/resource.ts';
import { shortTmpdir } from '../../core/short-tmpdir.ts';
import { waitUntil } from '../../core/wait-until.ts';
import type { CanaryHit, CanaryListeners } from './canary-listeners.ts';

type Kind = CanaryHit['listener'];
type Hit = { listener: Kind; received: string };

const MOST_HITS = 10_000;
const KEPT_CHARS = 200;
/** A proof is a connection on this machine. */
const PROOF_TIMEOUT_MS = 5_000;
const PROOF = 'canary proof';

export interface CanaryOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** This machine's address as pods name it. What goes there arrives at loopback, or at one of `alsoOn`. */
  readonly addressFromPods?: string;
  /** Addresses of this machine that only its own pods can reach, such as a container network's gateway. Never outward ones. */
  readonly alsoOn?: readonly string[];
  /** Told of the temporary folder of the Unix socket, which a killed process leaves; what it returns is called when the folder is gone. */
  readonly onFolder?: (folder: string) => () => void;
}

/** Listeners that no pod may reach, on loopback and where else pods could reach this machine, and nobody outside it. */
export async function startCanaryListeners(options: CanaryOptions): Promise<CanaryListeners> {
  const { clock, entropy, addressFromPods, alsoOn = [] } = options;
  const stack = new ResourceStack();
  const hits: Hit[] = [];
  const strike = (listener: Kind, received = ''): Hit => {
    const hit = { listener, received };
    if (hits.length < MOST_HITS) hits.push(hit);
    return hit;
  };
  const hosts = ['127.0.0.1', ...alsoOn];
  try {
    const folder = mkdtempSync(path.join(shortTmpdir(), 'wavetank-canary-'));
    stack.defer('note of the canary folder', options.onFolder?.(folder) ?? (() => undefined));
    stack.defer('canary folder', () => rmSync(folder, { recursive: true, force: true }));
    chmodSync(folder, 0o755);
    const unixSocket = path.join(folder, 'canary.sock');
    const abstractName = `wavetank-canary-${randomHex(entropy, 6)}`;
    const listenTcp = (kind: Kind, at: { host?: string; port?: number; path?: string }): Promise<Server> =>
      startTcp(stack, (received) => strike(kind, received), at);
    const tcp = await Promise.all(hosts.map((host) => listenTcp('tcp', { host, port: 0 })));
    const udp = await Promise.all(hosts.map((host) => startUdp(stack, host, (text) => strike('udp', text))));
    const dns = await Promise.all(hosts.map((host) => startUdp(stack, host, (text) => strike('dns', text))));
    await listenTcp('unix', { path: unixSocket });
    chmodSync(unixSocket, 0o777);
    const isAbstract = process.platform === 'linux';
    if (isAbstract) await listenTcp('abstract', { path: `\0${abstractName}` });

    const kinds: Kind[] = ['tcp', 'udp', 'dns', 'unix', ...(isAbstract ? (['abstract'] as const) : [])];
    const prove = async (): Promise<readonly Kind[]> => {
      const first = hits.length;
      for (const server of tcp) knock(server.address() as AddressInfo);
      for (const socket of [...udp, ...dns]) knockUdp(socket.address());
      knock({ path: unixSocket });
      if (isAbstract) knock({ path: `\0${abstractName}` });
      const proofs = (): Hit[] => hits.slice(first).filter(({ received }) => received === PROOF);
      const expected = tcp.length + udp.length + dns.length + 1 + (isAbstract ? 1 : 0);
      await waitUntil('the canaries to see their proof', () => proofs().length === expected || undefined, {
        clock,
        timeoutMs: PROOF_TIMEOUT_MS,
        intervalMs: 2,
      }).catch(() => undefined);
      const all = kinds.filter((kind) => proofs().some(({ listener }) => listener === kind));
      const real = hits.filter(({ received }) => received !== PROOF);
      hits.splice(0, hits.length, ...real);
      return all;
    };
    const reachableAt = (bound: readonly AddressInfo[]): string[] => [
      ...bound.map(({ address, port }) => `${address}:${port}`),
      ...(addressFromPods === undefined || hosts.includes(addressFromPods)
        ? []
        : bound.map(({ port }) => `${addressFromPods}:${port}`)),
    ];
    const facts: Omit<CanaryListeners, 'stop' | typeof Symbol.asyncDispose> = {
      tcp: reachableAt(tcp.map((server) => server.address() as AddressInfo)),
      udp: reachableAt(udp.map((socket) => socket.address())),
      dns: reachableAt(dns.map((socket) => socket.address())),
      unixSocket,
      abstractSocket: isAbstract ? `@${abstractName}` : undefined,
      hits: () => hits.map((hit) => ({ ...hit })),
      prove,
    };
    return runningResource(facts, () => stack.stop());
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function startTcp(
  stack: ResourceStack,
  strike: (received: string) => Hit,
  at: { host?: string; port?: number; path?: string },
): Promise<Server> {
  const server = createServer((socket) => {
    const hit = strike('');
    socket.on('data', (chunk: Buffer) => (hit.received = (hit.received + chunk.toString('utf8')).slice(0, KEPT_CHARS)));
    // It says nothing: whoever gets through must not even learn that somebody listens.
    socket.on('error', () => socket.destroy());
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const sockets = new Set<{ destroy(): void }>();
  stack.defer('canary listener', async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => resolve());
  });
  return server;
}

async function startUdp(stack: ResourceStack, address: string, strike: (received: string) => Hit): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  stack.defer('canary UDP listener', () => new Promise<void>((resolve) => socket.close(() => resolve())));
  socket.on('message', (message) => strike(message.toString('utf8').slice(0, KEPT_CHARS)));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port: 0 }, () => resolve());
  });
  return socket;
}

function knock(at: { address: string; port: number } | { path: string }): void {
  const socket = connect('path' in at ? { path: at.path } : { host: at.address, port: at.port });
  // That it does not get through is for the listener's count to show.
  socket.on('error', () => socket.destroy());
  socket.end(PROOF);
}

function knockUdp({ address, port }: AddressInfo): void {
  const socket = createSocket('udp4');
  socket.send(PROOF, port, address, () => socket.close());
}
