import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { BrokerClient } from './broker-client.ts';

let server: Server | undefined;
let client: BrokerClient | undefined;
afterEach(() => {
  client?.close();
  server?.closeAllConnections();
  server?.close();
});

async function clientOf(answer: RequestListener): Promise<BrokerClient> {
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const brokerUrl = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const unused = { volume: '', egressSocket: undefined, maxOutputFiles: 1, maxOutputBytes: 1 };
  return (client = new BrokerClient({ brokerUrl, token: 't', ...unused }));
}

test('a connection that breaks takes the idle ones along: they may be as dead, and nobody would say so', async () => {
  const connections: Socket[] = [];
  let waiting: (() => void)[] = [];
  const broker = await clientOf((request, response) => {
    connections.push(request.socket);
    const reply = (): void => void response.end('{}');
    if (request.url === '/cut' && connections.length === 3) return void request.socket.destroy();
    if (request.url === '/cut') return reply();
    // Both at once, so that there are two connections.
    waiting.push(reply);
    if (waiting.length === 2) waiting.forEach((send) => send());
  });
  await Promise.all(['/one', '/other'].map((path) => broker.json({ method: 'GET', path })));
  waiting = [];
  await broker.json({ method: 'GET', path: '/cut' });
  const [one, other, cut, again] = connections;
  expect(new Set([one, other]).size).toBe(2);
  expect([one, other]).toContain(cut);
  expect([one, other]).not.toContain(again);
});

test('a refusal leaves them', async () => {
  const connections: Socket[] = [];
  const broker = await clientOf((request, response) => {
    connections.push(request.socket);
    const isFirst = connections.length === 1;
    response.writeHead(isFirst ? 503 : 200).end('{}');
  });
  await broker.json({ method: 'GET', path: '/later' });
  expect(new Set(connections).size).toBe(1);
});
