import { describe, expect, test } from 'vitest';
import { checksumAddress } from '../core/protocol/address.ts';
import { systemSeams } from '../core/seams.ts';
import type { ProviderOptions } from './config.ts';
import { resolveConfig } from './config.ts';
import { FACTORY, FEE_TOKEN, PROVIDER_KEY } from './testing/assets.ts';

const chain = {
  chainId: 8996,
  rpcUrl: 'http://127.0.0.1:1',
  addressBook: { ERC721Factory: FACTORY, Ocean: FEE_TOKEN },
  privateKey: PROVIDER_KEY,
};
const options: ProviderOptions = {
  seams: systemSeams(),
  chains: [chain],
  metadataCacheUrl: 'http://127.0.0.1:2/',
  stateFile: ':memory:',
};

function problemsOf(changes: Partial<ProviderOptions>): readonly string[] {
  try {
    resolveConfig({ ...options, ...changes });
    return [];
  } catch (error) {
    return (error as { details: { problems: string[] } }).details.problems;
  }
}

test('A8: there is no default key, and a key that everybody has is for local chains alone', () => {
  const privateKey = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'; // Hardhat's first account
  const keyOf = (chainId: number, key: string) => problemsOf({ chains: [{ ...chain, chainId, privateKey: key }] });
  expect(keyOf(8996, '')).toEqual(['chains[0].privateKey: not 0x and 64 hex digits']);
  expect(keyOf(8996, privateKey)).toEqual([]);
  expect(keyOf(137, privateKey)).toEqual([
    'chains[0].privateKey: everybody has this key; it is for local chains alone',
  ]);
  expect(keyOf(137, PROVIDER_KEY)).toEqual([]);
});

describe('options', () => {
  test('are completed', () => {
    expect(resolveConfig(options)).toMatchObject({
      metadataCacheUrl: 'http://127.0.0.1:2',
      chains: [{ name: 'Ganache', confirmations: 0, feeToken: checksumAddress(FEE_TOKEN) }],
    });
    expect(resolveConfig({ ...options, chains: [{ ...chain, chainId: 137 }] }).chains[0]).toMatchObject({
      name: '137',
      confirmations: 1,
    });
  });

  test.each<[string, Partial<ProviderOptions>, string[]]>([
    ['no chain', { chains: [] }, ['chains: at least one is needed']],
    ['the same chain twice', { chains: [chain, chain] }, ['chains: a chain id occurs twice']],
    [
      'a key that is none',
      { chains: [{ ...chain, privateKey: '0x12' }] },
      ['chains[0].privateKey: not 0x and 64 hex digits'],
    ],
    [
      'a fee token of zero',
      { chains: [{ ...chain, feeToken: `0x${'0'.repeat(40)}` }] },
      ['chains[0].feeToken: not the address of an ERC-20'],
    ],
    [
      'two problems at once',
      { metadataCacheUrl: 'x', operatorServiceUrl: 'ftp://a' },
      ['metadataCacheUrl: not an http(s) URL', 'operatorServiceUrl: not an http(s) URL'],
    ],
    [
      'a mirror without a path',
      { mirrors: [{ prefix: 'https://a', dir: '.' }] },
      ['mirrors[0].prefix: not the beginning of an http(s) URL with a path'],
    ],
  ])('%s', (_name, changes, problems) => {
    expect(problemsOf(changes)).toEqual(problems);
  });
});
