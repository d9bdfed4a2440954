import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { ResourceStack } from '../../core/resource.ts';
import { VirtualClock } from '../../core/virtual-clock.ts';
import type { RunningChain } from './chain.ts';
import { CLASSIC_ACCOUNT_INDEX } from './chain.ts';
import type { HardhatChainOptions } from './hardhat-chain.ts';
import { startHardhatChain } from './hardhat-chain.ts';

let stack = new ResourceStack();
afterEach(async () => {
  await stack.stop();
  stack = new ResourceStack();
});

function start(options: HardhatChainOptions = {}): Promise<RunningChain> {
  return stack.start('chain', () => startHardhatChain(options));
}

async function post(chain: RunningChain, body: unknown): Promise<unknown> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (await fetch(chain.rpcUrl, { method: 'POST', body: text })).json();
}

async function rpc<T>(chain: RunningChain, method: string, ...params: unknown[]): Promise<T> {
  const answer = (await post(chain, { jsonrpc: '2.0', id: 1, method, params })) as { result: T; error?: unknown };
  expect(answer.error).toBeUndefined();
  return answer.result;
}

async function latestTime(chain: RunningChain): Promise<number> {
  return Number((await rpc<{ timestamp: string }>(chain, 'eth_getBlockByNumber', 'latest', false)).timestamp);
}

async function pay(chain: RunningChain): Promise<string> {
  const [from, to] = chain.accounts;
  return rpc<string>(chain, 'eth_sendTransaction', { from: from?.address, to: to?.address, value: '0x1' });
}

describe('startHardhatChain', () => {
  it('is what outside suites expect of a local Ocean chain', async () => {
    const chain = await start();
    expect(chain.rpcUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await rpc(chain, 'eth_chainId')).toBe('0x2324');
    expect(chain.accounts.slice(0, 3).map(({ address }) => address)).toEqual([
      '0xe2DD09d719Da89e5a3D0F2549c7E24566e947260',
      '0xBE5449a6A97aD46c8558A3356267Ee5D2731ab5e',
      '0xA78deb2Fa79463945C247991075E2a0e98Ba7A09',
    ]);
    const provider = chain.accounts[CLASSIC_ACCOUNT_INDEX.provider];
    expect(provider?.address).toBe('0xe08A1dAe983BC701D05E492DB80e0144f8f4b909');
    expect(provider?.privateKey.slice(0, 10)).toBe('0xfd5c1cce');
    const unlocked = await rpc<string[]>(chain, 'eth_accounts');
    expect(unlocked).toEqual(chain.accounts.map(({ address }) => address.toLowerCase()));
    expect(BigInt(await rpc<string>(chain, 'eth_getBalance', unlocked[19], 'latest'))).toBe(10n ** 24n);
  });

  it('mines a transaction at once, with EIP-1559 fees', async () => {
    const chain = await start();
    const receipt = await rpc<{ status: string; type: string }>(chain, 'eth_getTransactionReceipt', await pay(chain));
    expect(receipt).toMatchObject({ status: '0x1', type: '0x2' });
  });

  it('returns the hash of a transaction that fails, as real nodes do', async () => {
    const chain = await start();
    const from = chain.accounts[0]?.address;
    // Creation code that reverts at once: PUSH1 0 PUSH1 0 REVERT.
    const hash = await rpc<string>(chain, 'eth_sendTransaction', { from, data: '0x60006000fd', gas: '0x30d40' });
    expect(await rpc(chain, 'eth_getTransactionReceipt', hash)).toMatchObject({ status: '0x0' });
  });

  it('answers batches in order, and each wrong call for itself', async () => {
    const chain = await start();
    const answers = await post(chain, [
      { jsonrpc: '2.0', id: 7, method: 'eth_chainId' },
      { jsonrpc: '2.0', id: 'eight', method: 'eth_doesNotExist', params: [] },
      { nonsense: true },
    ]);
    expect(answers).toMatchObject([
      { id: 7, result: '0x2324' },
      { id: 'eight', error: { code: -32_004 } },
      { id: null, error: { code: -32_600 } },
    ]);
    expect(await post(chain, '{')).toMatchObject({ error: { code: -32_700 } });
    expect(await post(chain, [])).toMatchObject({ error: { code: -32_600 } });
  });

  it('gives revert data as plain hex with code 3', async () => {
    const chain = await start();
    // PUSH4 0xdeadbeef PUSH1 0 MSTORE PUSH1 4 PUSH1 28 REVERT
    const call = { data: '0x63deadbeef6000526004601cfd' };
    const answer = await post(chain, { jsonrpc: '2.0', id: 1, method: 'eth_call', params: [call, 'latest'] });
    expect(answer).toMatchObject({ error: { code: 3, data: '0xdeadbeef' } });
  });

  it('lets go of its port and of open connections when stopped', async () => {
    const chain = await start();
    const port = Number(new URL(chain.rpcUrl).port);
    const idle = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => idle.once('close', resolve));
    await new Promise((resolve) => idle.once('connect', resolve));
    await rpc(chain, 'eth_chainId');
    await Promise.all([chain.stop(), chain.stop()]);
    await closed;
    const again = await start({ port });
    expect(again.rpcUrl).toBe(chain.rpcUrl);
  });

  it('refuses a taken port with the reason, and impossible options', async () => {
    const chain = await start();
    const port = Number(new URL(chain.rpcUrl).port);
    await expect(startHardhatChain({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(startHardhatChain({ blockTimeSeconds: 0 })).rejects.toMatchObject({ code: 'CHAIN_OPTIONS' });
    await expect(startHardhatChain({ accountCount: 0.5 })).rejects.toMatchObject({ code: 'CHAIN_OPTIONS' });
  });
});

describe('chain time', () => {
  it("follows the machine's clock, however many blocks a second has", async () => {
    const chain = await start();
    for (let i = 0; i < 30; i++) await pay(chain);
    expect(Math.abs((await latestTime(chain)) - systemClock.now() / 1000)).toBeLessThan(10);
  });

  it('follows an injected clock', async () => {
    const clock = new VirtualClock(1_700_000_000_000);
    const chain = await start({ clock });
    await pay(chain);
    expect(await latestTime(chain)).toBe(1_700_000_000);
    clock.advance(90_000);
    await pay(chain);
    expect(await latestTime(chain)).toBe(1_700_000_090);
  });

  for (const kind of ['the injected clock', "the machine's clock"] as const) {
    it(`moves by evm_increaseTime and the chain's own face on top of ${kind}`, async () => {
      const chain = await start(kind === 'the injected clock' ? { clock: new VirtualClock() } : {});
      await pay(chain);
      const before = await latestTime(chain);
      await rpc(chain, 'evm_increaseTime', 3_600);
      await pay(chain);
      expect((await latestTime(chain)) - before).toBeGreaterThanOrEqual(3_600);
      expect((await latestTime(chain)) - before).toBeLessThan(3_700);
      await chain.advanceTime(1_000);
      expect((await latestTime(chain)) - before).toBeGreaterThanOrEqual(4_600);
      await chain.mine(3);
      expect((await latestTime(chain)) - before).toBeLessThan(4_700);
    });
  }

  it('goes on from a time that was set, and comes back with a snapshot', async () => {
    const clock = new VirtualClock(1_700_000_000_000);
    const chain = await start({ clock });
    const snapshot = await rpc<string>(chain, 'evm_snapshot');
    await rpc(chain, 'evm_setNextBlockTimestamp', 1_700_005_000);
    clock.advance(10_000);
    await pay(chain);
    expect(await latestTime(chain)).toBe(1_700_005_000);
    await pay(chain);
    expect(await latestTime(chain)).toBe(1_700_005_010);
    await rpc(chain, 'evm_mine', 1_700_009_010);
    expect(await latestTime(chain)).toBe(1_700_009_010);
    expect(await rpc(chain, 'evm_revert', snapshot)).toBe(true);
    await pay(chain);
    expect(await latestTime(chain)).toBe(1_700_000_010);
  });

  it('makes blocks at intervals of the clock when asked to', async () => {
    const clock = new VirtualClock();
    const chain = await start({ clock, blockTimeSeconds: 12 });
    const hash = await pay(chain);
    expect(await rpc(chain, 'eth_getTransactionReceipt', hash)).toBeNull();
    clock.advance(12_000);
    // The block is made after the timer; the next question waits behind it.
    expect(await rpc(chain, 'eth_getTransactionReceipt', hash)).toMatchObject({ status: '0x1' });
    clock.advance(24_000);
    expect(Number(await rpc<string>(chain, 'eth_blockNumber'))).toBe(3);
  });
});
