import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';

export interface ListenOptions {
  /** Default 127.0.0.1: nothing of ours is open to the network unless a backend's design says so. */
  readonly host?: string;
  /** Default 0: the system picks a free port, which is read back. */
  readonly port?: number;
  /** More addresses of this machine, at the same port. */
  readonly alsoOn?: readonly string[];
}

/** Listens and says where. */
export async function listen(
  server: Server | TlsServer,
  options: ListenOptions = {},
): Promise<{ host: string; port: number }> {
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: options.port ?? 0 }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  for (const other of options.alsoOn ?? []) await listenAlsoOn(server, other, port);
  return { host, port };
}

/** A second door to the same server; it closes with it. */
export async function listenAlsoOn(server: Server | TlsServer, host: string, port: number): Promise<void> {
  const door = createServer((socket) => server.emit('connection', socket));
  await new Promise<void>((resolve, reject) => {
    door.once('error', reject);
    door.listen({ host, port }, () => resolve());
  });
  server.once('close', () => door.close());
}

/** Stops listening and ends every connection: a watch or a keep-alive client must not hold up a stop. */
export function closeServer(server: Server | TlsServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Cuts every connection to the server, now and later, once the signal is aborted: for a component that counts as killed (`Net.fenced`). */
export function hangUpOn(signal: AbortSignal, server: Server | TlsServer): void {
  const hangUp = (): void => {
    server.on('connection', (socket: Socket) => socket.destroy());
    server.closeAllConnections();
  };
  if (signal.aborted) hangUp();
  else signal.addEventListener('abort', hangUp, { once: true });
}
