import { mkdtemp, readFile, readdir, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Contract } from 'ethers';
import { readAddressFile } from '../../contracts/address-book.ts';
import { OFFICIAL_SOURCES, artifactLookup } from '../../contracts/artifacts.ts';
import { deployOcean } from '../../contracts/deploy-ocean.ts';
import { connectChain } from '../../contracts/rpc.ts';
import { createNet } from '../../core/net.ts';
import { isAddress } from '../../core/protocol/address.ts';
import { ResourceStack } from '../../core/resource.ts';
import { startHardhatChain } from './hardhat-chain.ts';
import { deriveAccounts } from './derive-accounts.ts';
import type { OceanChainOptions, RunningOceanChain } from './ocean-chain.ts';
import { startOceanChain } from './ocean-chain.ts';

let stack: ResourceStack;
let directory: string;

beforeEach(async () => {
  stack = new ResourceStack();
  directory = await mkdtemp(path.join(tmpdir(), 'wavetank-ocean-chain-'));
  stack.defer('directory', () => rm(directory, { recursive: true }));
});
afterEach(() => stack.stop());

function start(options: Partial<OceanChainOptions> = {}): Promise<RunningOceanChain> {
  const net = createNet();
  stack.defer('net', () => net.close());
  return stack.start('ocean chain', () => startOceanChain({ net, ...options }));
}

const ROUTER = [
  'function owner() view returns (address)',
  'function routerOwner() view returns (address)',
  'function factory() view returns (address)',
  'function isFixedRateContract(address) view returns (bool)',
  'function isDispenserContract(address) view returns (bool)',
  'function isApprovedToken(address) view returns (bool)',
];

describe('startOceanChain', () => {
  it('writes the address file that ocean.js and the Provider read', async () => {
    const addressFile = path.join(directory, 'deep', 'address.json');
    const { addresses } = await start({ addressFile });
    const book = JSON.parse(await readFile(addressFile, 'utf8')) as Record<string, Record<string, unknown>>;
    expect(Object.keys(book)).toEqual(['development']);
    expect(book.development).toMatchObject({ chainId: 8996, startBlock: addresses.startBlock });
    const names = ['ERC721Factory', 'FixedPrice', 'Dispenser', 'OPFCommunityFeeCollector', 'Ocean', 'Router'];
    for (const name of [...names, 'AccessListFactory']) expect(isAddress(book.development?.[name])).toBe(true);
    expect(await readdir(path.dirname(addressFile))).toEqual(['address.json']);
    expect(await readAddressFile(addressFile, 8996)).toEqual(addresses);
  });

  it('deploys to the addresses of the classic local network, since order and account are the same', async () => {
    const { addresses } = await start();
    expect(addresses.Ocean).toBe('0x2473f4F7bf40ed9310838edFCA6262C17A59DF64');
  });

  it('wires router, factory, exchanges, dispenser and templates', async () => {
    const { addresses, provider, chain } = await start();
    const router = new Contract(addresses.Router, ROUTER, provider);
    const read = (method: string, ...args: unknown[]): Promise<unknown> => router.getFunction(method)(...args);
    expect(await read('routerOwner')).toBe(chain.accounts[0]?.address);
    expect(await read('factory')).toBe(addresses.ERC721Factory);
    expect(await read('isFixedRateContract', addresses.FixedPrice)).toBe(true);
    expect(await read('isFixedRateContract', addresses.FixedPriceEnterprise)).toBe(true);
    expect(await read('isDispenserContract', addresses.Dispenser)).toBe(true);
    expect(await read('isApprovedToken', addresses.Ocean)).toBe(true);
    expect(await read('isApprovedToken', addresses.MockUSDC)).toBe(false);
    for (const [index, template] of Object.entries(addresses.ERC20Template)) {
      const token = new Contract(template, ['function getId() pure returns (uint8)'], provider);
      expect(Number(await token.getFunction('getId')())).toBe(Number(index));
    }
    const ocean = new Contract(addresses.Ocean, ['function balanceOf(address) view returns (uint256)'], provider);
    expect(await ocean.getFunction('balanceOf')(chain.accounts[9]?.address)).toBe(100_000n * 10n ** 18n);
  });

  it("takes a developer's own artifacts before the official ones", async () => {
    const file = path.join(directory, 'artifacts', OFFICIAL_SOURCES.MockERC20Decimals, 'MockERC20Decimals.json');
    await mkdir(path.dirname(file), { recursive: true });
    // A contract of one byte, STOP: PUSH1 1 PUSH1 0 RETURN returns one zero byte of memory.
    const official = await artifactLookup()('MockERC20Decimals');
    await writeFile(file, JSON.stringify({ ...official, bytecode: '0x60016000f3' }));
    const { addresses, provider } = await start({ contractsDir: directory });
    expect(await provider.getCode(addresses.MockDAI as string)).toBe('0x00');
    expect((await provider.getCode(addresses.Ocean)).length).toBeGreaterThan(1_000);
  });

  it('names the step of a deployment that fails, and leaves nothing running', async () => {
    const file = path.join(directory, OFFICIAL_SOURCES.FactoryRouter, 'FactoryRouter.json');
    await mkdir(path.dirname(file), { recursive: true });
    const official = await artifactLookup()('FactoryRouter');
    await writeFile(file, JSON.stringify({ ...official, bytecode: '0x60006000fd' }));
    const net = createNet();
    stack.defer('net', () => net.close());
    const failed = startOceanChain({ net, contractsDir: directory });
    await expect(failed).rejects.toMatchObject({ code: 'DEPLOYMENT_FAILED', details: { step: 'create Router' } });
  });
});

describe('deployOcean on a chain that holds no keys', () => {
  it('signs by itself, and lands at the same addresses', async () => {
    const net = createNet();
    stack.defer('net', () => net.close());
    const chain = await stack.start('chain', () => startHardhatChain());
    const provider = connectChain({ rpcUrl: chain.rpcUrl, chainId: chain.chainId, net });
    stack.defer('provider', () => provider.destroy());
    const [outsider] = deriveAccounts('test test test test test test test test test test test junk', 1);
    if (!outsider) throw new Error('no account');
    await provider.send('hardhat_setBalance', [outsider.address, '0x3635c9adc5dea00000']);
    const addresses = await deployOcean({ provider, chainId: chain.chainId, accounts: [outsider] });
    const router = new Contract(addresses.Router, ROUTER, provider);
    expect(await router.getFunction('routerOwner')()).toBe(outsider.address);
  });
});
