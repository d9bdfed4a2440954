import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ResourceStack } from '../../core/resource.ts';
import { watchStrayConnections } from '../observe/stray-connections.ts';
import type { RunningChain } from './chain.ts';
import { startHardhatChain } from './hardhat-chain.ts';

let stack = new ResourceStack();
afterEach(async () => {
  await stack.stop();
  stack = new ResourceStack();
});

async function rpc<T>({ rpcUrl }: RunningChain, method: string, ...params: unknown[]): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  return ((await (await fetch(rpcUrl, { method: 'POST', body })).json()) as { result: T }).result;
}

async function latestTime(chain: RunningChain): Promise<number> {
  return Number((await rpc<{ timestamp: string }>(chain, 'eth_getBlockByNumber', 'latest', false)).timestamp);
}

describe('a chain in a process of its own', () => {
  it('is served, moves its time, says why it refuses, and lets go of its port', async () => {
    const chain = await stack.start('chain', () => startHardhatChain({ ownProcess: true, accountCount: 2 }));
    expect(chain.accounts).toHaveLength(2);
    expect(await rpc<string[]>(chain, 'eth_accounts')).toEqual(chain.accounts.map((one) => one.address.toLowerCase()));
    const before = await latestTime(chain);
    await chain.advanceTime(3_600);
    await chain.mine(3);
    expect((await latestTime(chain)) - before).toBeGreaterThanOrEqual(3_600);
    await expect(chain.advanceTime(-1e12)).rejects.toThrow(/./);

    const port = Number(new URL(chain.rpcUrl).port);
    await expect(startHardhatChain({ ownProcess: true, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await Promise.all([chain.stop(), chain.stop()]);
    await expect(fetch(chain.rpcUrl)).rejects.toThrow(/fetch failed/);
    await expect(chain.mine()).rejects.toMatchObject({ code: 'CHAIN_STOPPED' });
  });

  it('tells of connections without a request, as servers of this process do', async () => {
    const heard: number[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const strays = watchStrayConnections((port) => {
      heard.push(port);
      resolve();
    });
    stack.defer('watch', () => strays.stop());
    const chain = await stack.start('chain', () => startHardhatChain({ ownProcess: true, accountCount: 1 }));
    const port = Number(new URL(chain.rpcUrl).port);
    const stray = connect(port, '127.0.0.1');
    await once(stray, 'connect');
    stray.destroy();
    await promise;
    expect([heard, strays.countOf(port)]).toEqual([[port], 1]);
  });

  it('does not outlive whoever started it', async () => {
    const child = fork(path.join(import.meta.dirname, 'node-process-main.ts'), { execArgv: [] });
    const exited = once(child, 'exit');
    child.disconnect();
    expect(await exited).toEqual([null, 'SIGKILL']);
  });
});
