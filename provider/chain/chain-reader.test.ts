import { createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { closeServer, listen } from '../../core/http-listen.ts';
import { ResourceStack } from '../../core/resource.ts';
import { systemSeams } from '../../core/seams.ts';
import { createChainReader } from './chain-reader.ts';

const stack = new ResourceStack();
afterEach(() => stack.stop());

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly { readonly fromBlock?: string; readonly toBlock?: string }[];
}

it('asks once for the document since a known one, and block by block where the node refuses that', async () => {
  const asked: string[] = [];
  let refusesLatest = false;
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { id, method, params } = JSON.parse(text) as Call;
      const [{ fromBlock = '', toBlock = '' } = {}] = params;
      asked.push(`${method} ${fromBlock} ${toBlock}`.trim());
      const isRefused = refusesLatest && toBlock === 'latest';
      const answer = isRefused
        ? { error: { code: -32_005, message: 'range too wide' } }
        : { result: method === 'eth_blockNumber' ? '0x10' : [] };
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
    });
  });
  stack.defer('server', () => closeServer(server));
  const { port } = await listen(server);
  const seams = systemSeams();
  stack.defer('net', () => seams.net.close());
  const config = { chainId: 8996, rpcUrl: `http://127.0.0.1:${port}`, startBlock: 3 };
  const reader = createChainReader(config as Parameters<typeof createChainReader>[0], seams, 5_000);
  stack.defer('reader', () => reader.close());
  const nft = `0x${'1'.repeat(40)}`;

  expect(await reader.lastMetadata(nft, 7)).toBeUndefined();
  expect(asked.splice(0)).toEqual(['eth_getLogs 0x7 latest']);
  refusesLatest = true;
  expect(await reader.lastMetadata(nft, 7)).toBeUndefined();
  expect(asked.splice(0)).toEqual(['eth_getLogs 0x7 latest', 'eth_blockNumber', 'eth_getLogs 0x7 0x10']);
  expect(await reader.lastMetadata(nft)).toBeUndefined();
  expect(asked).toEqual(['eth_blockNumber', 'eth_getLogs 0x3 0x10']);
});
