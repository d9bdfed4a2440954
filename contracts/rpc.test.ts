import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { closeServer, listen } from '../core/http-listen.ts';
import { createNet } from '../core/net.ts';
import type { Net } from '../core/net.ts';
import { ResourceStack } from '../core/resource.ts';
import { VirtualClock } from '../core/virtual-clock.ts';
import { connectChain } from './rpc.ts';

let stack = new ResourceStack();
afterEach(async () => {
  await stack.stop();
  stack = new ResourceStack();
});

interface Call {
  readonly id: number;
  readonly method: string;
}

/** A node that answers every call with `answer`, and remembers the bodies it got. */
async function startNode(answer: (call: Call) => unknown): Promise<{ url: string; bodies: (Call | Call[])[] }> {
  const bodies: (Call | Call[])[] = [];
  return startHttp(bodies, (body, response) => {
    bodies.push(body);
    const one = (call: Call): unknown => ({ jsonrpc: '2.0', id: call.id, result: answer(call) });
    response.end(JSON.stringify(Array.isArray(body) ? body.map(one) : one(body)));
  });
}

async function startHttp<T>(
  bodies: T,
  respond: (body: Call | Call[], response: ServerResponse) => void,
): Promise<{ url: string; bodies: T }> {
  const server = createServer((request: IncomingMessage, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => respond(JSON.parse(text) as Call, response));
  });
  stack.defer('server', () => closeServer(server));
  const { host, port } = await listen(server);
  return { url: `http://${host}:${port}`, bodies };
}

function open(rpcUrl: string, options: { clock?: Clock; net?: Net } = {}) {
  const net = options.net ?? createNet();
  const clock = options.clock === undefined ? {} : { clock: options.clock };
  const provider = connectChain({ rpcUrl, chainId: 8996, net, ...clock });
  stack.defer('net', () => net.close());
  stack.defer('provider', () => provider.destroy());
  return provider;
}

describe('connectChain', () => {
  it('asks nothing but what it was asked, and puts calls of one moment into one request', async () => {
    const { url, bodies } = await startNode(() => '0x10');
    const provider = open(url);
    const numbers = await Promise.all([provider.getBlockNumber(), provider.send('eth_gasPrice', [])]);
    expect(numbers).toEqual([16, '0x10']);
    expect(bodies.flat().map(({ method }) => method)).toEqual(['eth_blockNumber', 'eth_gasPrice']);
    expect(bodies).toHaveLength(1);
  });

  it('never answers from memory', async () => {
    let count = 0;
    const { url } = await startNode(() => `0x0${++count}`);
    const provider = open(url);
    const ask = (): Promise<bigint> => provider.getBalance(`0x${'1'.repeat(40)}`);
    expect([await ask(), await ask()]).toEqual([1n, 2n]);
  });

  it('goes through the Net that it was given, so that a fenced component reaches no chain', async () => {
    const { url, bodies } = await startNode(() => '0x10');
    const net = createNet();
    const provider = open(url, { net });
    net.fence();
    await expect(provider.send('eth_blockNumber', [])).rejects.toMatchObject({ code: 'NET_FENCED' });
    expect(bodies).toEqual([]);
  });

  it('gives up on a node that does not answer', async () => {
    const clock = new VirtualClock();
    const { url } = await startHttp([], () => clock.advance(30_000));
    await expect(open(url, { clock }).send('eth_blockNumber', [])).rejects.toMatchObject({ code: 'CHAIN_TIMEOUT' });
  });

  it('follows no redirect', async () => {
    const elsewhere = await startNode(() => '0x666');
    const { url } = await startHttp([], (_body, response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    );
    const asked = open(url).send('eth_blockNumber', []);
    await expect(asked).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
    expect(elsewhere.bodies).toEqual([]);
  });

  it('asks a busy node again, a little later each time, and not for ever', async () => {
    const slept: number[] = [];
    const clock: Clock = { ...systemClock, sleep: async (ms) => void slept.push(ms) };
    let refusals = 2;
    const { url } = await startHttp([], (body, response) => {
      if (refusals-- > 0) response.writeHead(429).end('slow down');
      else response.end(JSON.stringify({ jsonrpc: '2.0', id: (body as Call).id, result: '0x10' }));
    });
    expect(await open(url, { clock }).send('eth_gasPrice', [])).toBe('0x10');
    expect(slept).toEqual([250, 500]);
    refusals = 1_000;
    await expect(open(url, { clock }).send('eth_gasPrice', [])).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
    expect(slept).toHaveLength(4);
  });

  it('takes neither an error page nor anything but JSON for an answer', async () => {
    const { url } = await startHttp([], (_body, response) => response.writeHead(502).end('{"result":"0x10"}'));
    await expect(open(url).send('eth_gasPrice', [])).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
    const { url: other } = await startHttp([], (_body, response) => response.end('<html>'));
    await expect(open(other).send('eth_gasPrice', [])).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
  });

  it('says that there is no node', async () => {
    const { url } = await startNode(() => '0x10');
    await stack.stop();
    stack = new ResourceStack();
    await expect(open(url).send('eth_blockNumber', [])).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
  });

  it('reads no endless answer', async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, 0x20);
    const { url } = await startHttp([], (_body, response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write(mebibyte));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    });
    await expect(open(url).send('eth_blockNumber', [])).rejects.toMatchObject({ code: 'CHAIN_ANSWER_TOO_LARGE' });
  });
});
