import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OceanAddresses } from './address-book.ts';
import { readAddressFile, writeAddressFile } from './address-book.ts';

const address = (digit: string): string => `0x${digit.repeat(40)}`;
const ADDRESSES: OceanAddresses = {
  chainId: 8996,
  startBlock: 16,
  Ocean: address('1'),
  OPFCommunityFeeCollector: address('2'),
  Router: address('3'),
  FixedPrice: address('4'),
  Dispenser: address('5'),
  ERC721Factory: address('6'),
  ERC20Template: { 1: address('7') },
  ERC721Template: { 1: address('8') },
};

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'wavetank-address-'));
  file = path.join(directory, 'address.json');
});
afterEach(() => rm(directory, { recursive: true }));

describe('the address file', () => {
  it('keeps the networks that were there, and leaves no draft', async () => {
    await writeFile(file, JSON.stringify({ sepolia: { ...ADDRESSES, chainId: 11_155_111 }, development: { old: 1 } }));
    await writeAddressFile(file, ADDRESSES);
    const book = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    expect(Object.keys(book)).toEqual(['sepolia', 'development']);
    expect(book.development).toEqual(ADDRESSES);
    expect(await readdir(directory)).toEqual(['address.json']);
  });

  it('is looked up by chain id, whatever the network is called', async () => {
    await writeAddressFile(file, { ...ADDRESSES, chainId: 5 }, { network: 'other' });
    await writeAddressFile(file, ADDRESSES, { network: 'mine' });
    expect(await readAddressFile(file, 8996)).toEqual(ADDRESSES);
  });

  it('refuses what is no address file, and leaves it alone', async () => {
    for (const content of ['{', '[]', 'null', '"text"']) {
      await writeFile(file, content);
      await expect(writeAddressFile(file, ADDRESSES)).rejects.toMatchObject({ code: 'ADDRESS_FILE_INVALID' });
      await expect(readAddressFile(file, 8996)).rejects.toMatchObject({ code: 'ADDRESS_FILE_INVALID' });
      expect(await readFile(file, 'utf8')).toBe(content);
    }
  });

  it('says what is missing', async () => {
    await expect(readAddressFile(file, 8996)).rejects.toMatchObject({ code: 'ADDRESS_FILE_MISSING' });
    await writeAddressFile(file, ADDRESSES);
    await expect(readAddressFile(file, 1)).rejects.toMatchObject({
      code: 'ADDRESS_FILE_CHAIN_UNKNOWN',
      details: { networks: ['development'] },
    });
    await writeAddressFile(file, { ...ADDRESSES, Ocean: 'soon' });
    await expect(readAddressFile(file, 8996)).rejects.toMatchObject({
      code: 'ADDRESS_FILE_INVALID',
      message: expect.stringContaining('Ocean'),
    });
  });
});
