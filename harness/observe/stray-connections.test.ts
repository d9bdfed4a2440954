import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Agent, fetch } from 'undici';
import { systemEntropy } from '../../core/entropy.ts';
import { closeServer, listen } from '../../core/http-listen.ts';
import { issueServingCertificate } from '../cluster/embedded/http/certificate-authority.ts';
import type { StrayConnections } from './stray-connections.ts';
import { watchStrayConnections } from './stray-connections.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function knock(port: number, bytes: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.end(bytes);
  socket.resume();
  await once(socket, 'close');
}

function watch(): StrayConnections {
  const watched = watchStrayConnections();
  undo.push(() => watched.stop());
  return watched;
}

async function closedOnce(socketCount: () => Promise<number>): Promise<void> {
  while ((await socketCount()) > 0) await new Promise((resolve) => setImmediate(resolve));
}

describe('stray connections', () => {
  it('counts who sends no request, and nobody who does', async () => {
    const server = createServer((_request, response) => response.end('here'));
    const { port } = await listen(server);
    undo.push(() => closeServer(server));
    const stray = watch();
    const agent = new Agent();
    await (await fetch(`http://127.0.0.1:${port}/`, { dispatcher: agent })).text();
    await agent.close();
    await knock(port, 'mark\n');
    await knock(port, '');
    await closedOnce(() => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))));
    expect(stray.countOf(port)).toBe(2);
  });

  it('counts behind TLS too', async () => {
    const { certificatePem: cert, keyPem: key } = await issueServingCertificate(systemEntropy);
    const server = createTlsServer({ cert, key }, (_request, response) => response.end('here'));
    const { port } = await listen(server);
    undo.push(() => closeServer(server));
    const stray = watch();
    const agent = new Agent({ connect: { rejectUnauthorized: false } });
    await (await fetch(`https://127.0.0.1:${port}/`, { dispatcher: agent })).text();
    await agent.close();
    await knock(port, 'mark\n');
    await closedOnce(() => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))));
    expect(stray.countOf(port)).toBe(1);
  });
});
