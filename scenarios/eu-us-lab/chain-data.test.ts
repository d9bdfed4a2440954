import { once } from 'node:events';
import http, { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { chainHeight } from './chain-data.ts';

test('the chain is asked itself, whatever proxy the environment names', async () => {
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push(JSON.parse(body));
      response.end(JSON.stringify([{ jsonrpc: '2.0', id: 0, result: '0x2a' }]));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { globalAgent } = http;
  // As Node makes it with NODE_USE_ENV_PROXY=1. Nobody listens at port 1.
  http.globalAgent = new http.Agent({ proxyEnv: { HTTP_PROXY: 'http://127.0.0.1:1' } });
  try {
    expect(await chainHeight(`http://127.0.0.1:${port}`)).toBe(42);
    expect(asked).toEqual([[{ jsonrpc: '2.0', id: 0, method: 'eth_blockNumber', params: [] }]]);
  } finally {
    http.globalAgent = globalAgent;
    server.close();
  }
});
