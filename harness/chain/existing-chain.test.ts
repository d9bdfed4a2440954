import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Wallet } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNet } from '../../core/net.ts';
import { ResourceStack } from '../../core/resource.ts';
import type { RunningOceanChain } from './ocean-chain.ts';
import { startOceanChain } from './ocean-chain.ts';
import type { ExistingChainOptions } from './existing-chain.ts';
import { connectExistingChain } from './existing-chain.ts';

describe('a chain that is there already', () => {
  const stack = new ResourceStack();
  const net = createNet();
  let folder: string;
  let theirs: RunningOceanChain;
  const file = (name: string): string => path.join(folder, name);
  const connect = (options: Partial<ExistingChainOptions> = {}): Promise<RunningOceanChain> =>
    connectExistingChain({ net, rpcUrl: theirs.chain.rpcUrl, accountCount: 4, ...options });

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'wavetank-existing-chain-'));
    stack.defer('folder', () => rm(folder, { recursive: true, force: true }));
    stack.defer('net', () => net.close());
    theirs = await stack.start('chain', () =>
      startOceanChain({ net, accountCount: 4, addressFile: file('address.json') }),
    );
  });
  afterAll(() => stack.stop());

  it('gets contracts of its own unless it is told where they are, and is left running', async () => {
    const own = await connect({ addressFile: file('own.json') });
    const shared = await connect({ oceanAddresses: file('address.json') });
    expect(shared.addresses).toEqual(theirs.addresses);
    expect(own.addresses.ERC721Factory).not.toBe(theirs.addresses.ERC721Factory);
    expect(await own.provider.getCode(own.addresses.ERC721Factory)).not.toBe('0x');
    const before = await own.provider.getBlock('latest');
    await own.chain.advanceTime(100);
    const after = await own.provider.getBlock('latest');
    expect((after?.timestamp ?? 0) - (before?.timestamp ?? 0)).toBeGreaterThanOrEqual(100);
    await own.stop();
    await shared.stop();
    expect(await theirs.provider.getBlockNumber()).toBeGreaterThan(0);
  });

  it('one key pays for accounts that are the same next time', async () => {
    const [, payer] = theirs.chain.accounts;
    await writeFile(file('keys'), `${payer?.privateKey}\n`);
    const options = { keyFile: file('keys'), oceanAddresses: file('address.json') };
    const first = await connect(options);
    const spent = await first.provider.getBalance(payer?.address ?? '');
    const again = await connect(options);
    expect(again.chain.accounts).toEqual(first.chain.accounts);
    expect(new Set(first.chain.accounts.map(({ address }) => address)).size).toBe(4);
    expect(await again.provider.getBalance(payer?.address ?? '')).toBe(spent);
    const balances = await Promise.all(first.chain.accounts.map(({ address }) => first.provider.getBalance(address)));
    expect(balances.every((balance) => balance > 0n)).toBe(true);
    await first.stop();
    await again.stop();
  });

  it.each([
    ['an account without money', 'CHAIN_ACCOUNTS_EMPTY', () => ({ keys: Wallet.createRandom().privateKey })],
    ['words that are no keys', 'CHAIN_KEYS_INVALID', () => ({ keys: 'hello world' })],
    ['a file that is not there', 'CHAIN_KEYS_INVALID', () => ({})],
  ])('refuses %s', async (_what, code, given: () => { keys?: string }) => {
    const { keys } = given();
    const keyFile = file(`keys-${code}-${keys === undefined}`);
    if (keys !== undefined) await writeFile(keyFile, keys);
    await expect(connect({ keyFile })).rejects.toMatchObject({ code });
  });

  it('refuses addresses where no contract is', async () => {
    const nobody = Wallet.createRandom().address;
    await writeFile(file('wrong.json'), JSON.stringify({ development: { ...theirs.addresses, Dispenser: nobody } }));
    await expect(connect({ oceanAddresses: file('wrong.json') })).rejects.toMatchObject({
      code: 'OCEAN_NOT_DEPLOYED',
      message: expect.stringMatching(/: Dispenser\.$/) as string,
    });
  });

  it('refuses a node that is not there', async () => {
    await expect(connectExistingChain({ net, rpcUrl: 'http://127.0.0.1:1', accountCount: 4 })).rejects.toMatchObject({
      code: 'CHAIN_UNREACHABLE',
    });
  });
});
