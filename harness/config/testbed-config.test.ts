import path from 'node:path';
import { expect, test } from 'vitest';
import type { TestbedConfig } from './testbed-config.ts';
import { resolveTestbedConfig } from './testbed-config.ts';

const resolve = (config: TestbedConfig) => resolveTestbedConfig(config, () => 'abc123');

test('everything has a default, and nothing is left open', () => {
  expect(resolve({})).toMatchObject({
    stateRoot: path.resolve('.wavetank'),
    instance: 'abc123',
    backend: 'embedded',
    storage: 'embedded',
    chainId: 8996,
    images: [],
    mirrors: [],
  });
});

test('gateways are addresses, and none unless said', () => {
  expect(resolve({}).gateways).toEqual({});
  const gateways = { ipfs: 'https://ipfs.example', arweave: 'https://arweave.example' };
  expect(resolve({ gateways }).gateways).toEqual(gateways);
  expect(() => resolve({ gateways: { ipfs: 'ipfs://x' } })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});

test('a mirror is split at its last =', () => {
  expect(resolve({ mirrors: ['https://host/a?b=c=harness/config'] }).mirrors).toEqual([
    { prefix: 'https://host/a?b=c', dir: path.resolve('harness/config') },
  ]);
});

test('all problems are named at once', () => {
  const wrong = { chainId: -1, instance: 'No!', images: ['x'], mirrors: ['x'], seeds: 1 } as unknown as TestbedConfig;
  expect(() => resolve(wrong)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      category: 'usage',
      details: {
        problems: [
          expect.stringContaining('instance: '),
          expect.stringContaining('chainId: '),
          expect.stringContaining('images.0: '),
          expect.stringContaining('mirrors.0: '),
          expect.stringContaining('seeds'),
        ],
      },
    }),
  );
});

test('folders that are not there are named', () => {
  const config = { mirrors: ['https://host/=no/such'], contractsDir: 'package.json' };
  expect(() => resolve(config)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      details: { problems: [expect.stringContaining('mirrors.0: '), expect.stringContaining('contractsDir: ')] },
    }),
  );
});

test.each([
  [{ backend: 'existing' }, 'needs a file'],
  [{ cluster: { kubeconfig: 'a' } }, 'for the existing backend'],
  [{ backend: 'existing', cluster: { kubeconfig: 'a', namespace: 'n' }, providers: 2 }, 'a namespace of its own'],
  [{ backend: 'existing', cluster: { kubeconfig: 'a', namespace: 'No!' } }, 'cluster.namespace'],
] as const)('%j is no cluster', (config, text) => {
  expect(() => resolve(config)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(text) as string }),
  );
});

test('a cluster that is there needs no more than its kubeconfig', () => {
  const { cluster } = resolve({ backend: 'existing', cluster: { kubeconfig: 'a' } });
  expect(cluster).toEqual({ kubeconfig: 'a' });
});

test.each([
  [{ storage: 'existing' }, 'needs a URL'],
  [{ storage: 'minio', s3: { url: 'http://127.0.0.1:9000' } }, 'for the existing storage'],
  [{ storage: 'existing', s3: { url: 'ftp://127.0.0.1' } }, 's3.url'],
] as const)('%j is no storage', (config, text) => {
  expect(() => resolve(config)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(text) as string }),
  );
});

test('an S3 that is there needs no more than its URL', () => {
  const { s3 } = resolve({ storage: 'existing', s3: { url: 'https://s3.example' } });
  expect(s3).toEqual({ url: 'https://s3.example', region: 'us-east-1' });
});
