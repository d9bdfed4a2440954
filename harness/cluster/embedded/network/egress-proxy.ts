import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';
import { chmodSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { closeServer } from '../../../../core/http-listen.ts';

/** Where one connection of a pod may go. */
export type Verdict =
  | { readonly isAllowed: true; readonly dial: () => Promise<Socket> }
  | { readonly isAllowed: false; readonly why: string };

export type Decide = (host: string, port: number) => Promise<Verdict>;

const MOST_CONNECTIONS = 256;
const HEADERS_TIMEOUT_MS = 10_000;

/**
 * A pod's only way out: an HTTP/1.1 proxy on a Unix socket. `CONNECT host:port` opens a tunnel; plain requests with
 * an absolute URL are passed on for programs that know HTTP_PROXY alone.
 * What is not allowed is answered 403, what cannot be reached 502.
 */
export async function startEgressProxy(socketPath: string, decide: Decide): Promise<{ close(): Promise<void> }> {
  const tunnels = new Set<Duplex>();
  const server: Server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS }, (incoming, outgoing) => {
    passOn(incoming, outgoing, decide).catch(() => refuse(outgoing, 502, 'unreachable'));
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on('connect', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    tunnels.add(socket);
    socket.once('close', () => tunnels.delete(socket));
    socket.on('error', () => socket.destroy());
    tunnel(incoming.url ?? '', socket, head, decide).catch(() =>
      socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  // Containers run as other users than the harness; only this pod's mount shows them the socket.
  chmodSync(socketPath, 0o666);
  return {
    async close() {
      for (const socket of tunnels) socket.destroy();
      await closeServer(server);
    },
  };
}

async function tunnel(target: string, socket: Duplex, head: Buffer, decide: Decide): Promise<void> {
  const { host, port } = parseTarget(target);
  const verdict = await decide(host, port);
  if (!verdict.isAllowed) {
    const body = `${verdict.why}\n`;
    socket.end(
      `HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    return;
  }
  const outward = await verdict.dial();
  outward.on('error', () => socket.destroy());
  outward.once('close', () => socket.destroy());
  socket.once('close', () => outward.destroy());
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
  if (head.length > 0) outward.write(head);
  socket.pipe(outward);
  outward.pipe(socket);
}

async function passOn(incoming: IncomingMessage, outgoing: ServerResponse, decide: Decide): Promise<void> {
  const url = URL.canParse(incoming.url ?? '') ? new URL(incoming.url ?? '') : undefined;
  if (url?.protocol !== 'http:') return refuse(outgoing, 400, 'not a proxy request');
  const verdict = await decide(url.hostname, Number(url.port || 80));
  if (!verdict.isAllowed) return refuse(outgoing, 403, verdict.why);
  const socket = await verdict.dial();
  const { 'proxy-connection': _proxyConnection, ...headers } = incoming.headers;
  const path = `${url.pathname}${url.search}`;
  const onward = request({
    createConnection: () => socket,
    method: incoming.method,
    path,
    headers: { ...headers, connection: 'close' },
  });
  onward.once('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.once('error', () => refuse(outgoing, 502, 'unreachable'));
  outgoing.once('close', () => socket.destroy());
  incoming.pipe(onward);
}

function refuse(outgoing: ServerResponse, status: number, why: string): void {
  if (outgoing.headersSent) return void outgoing.destroy();
  outgoing.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${why}\n`);
}

function parseTarget(target: string): { host: string; port: number } {
  const at = target.lastIndexOf(':');
  return { host: target.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(target.slice(at + 1)) };
}
