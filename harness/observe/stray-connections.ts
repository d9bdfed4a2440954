import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export interface StrayConnections {
  /** Closed connections to this local port that brought no request. */
  countOf(port: number): number;
  stop(): void;
}

const elsewhere = channel('wavetank.stray-connection');

/** For a server in another process, where its own `watchStrayConnections` sees what this one's cannot. */
export function reportStrayConnection(port: number): void {
  elsewhere.publish(port);
}

/**
 * Watches every HTTP and HTTPS server of this process through Node's own diagnostics, so that no server has to know.
 * Somebody who connects and sends anything but a request, or nothing at all, is counted when the connection closes.
 */
export function watchStrayConnections(onStray: (port: number) => void = () => undefined): StrayConnections {
  const counts = new Map<number, number>();
  /** Connections that brought a request, by both ends' ports: over TLS the request's socket is another object. */
  const withRequest = new Set<string>();

  const count = (port: number): void => {
    counts.set(port, (counts.get(port) ?? 0) + 1);
    onStray(port);
  };
  const onReport = (port: unknown): void => count(Number(port));
  const onConnection = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    const { localPort } = socket;
    if (localPort === undefined) return; // a Unix socket
    const key = keyOf(socket);
    socket.once('close', () => {
      if (!withRequest.delete(key)) count(localPort);
    });
  };
  const onRequest = (message: unknown): void => {
    const { request } = message as { request: IncomingMessage };
    if (request.socket.localPort !== undefined) withRequest.add(keyOf(request.socket));
  };
  elsewhere.subscribe(onReport);
  subscribe('net.server.socket', onConnection);
  subscribe('http.server.request.start', onRequest);
  return {
    countOf: (port) => counts.get(port) ?? 0,
    stop() {
      elsewhere.unsubscribe(onReport);
      unsubscribe('net.server.socket', onConnection);
      unsubscribe('http.server.request.start', onRequest);
    },
  };
}

function keyOf({ localPort, remotePort, remoteAddress }: Socket): string {
  return `${localPort} ${remoteAddress} ${remotePort}`;
}
