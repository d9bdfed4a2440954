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
  [{ backend: 'kind' }, 'kind'],
  [{ backend: 'existing' }, 'existing'],
  [{ storage: 'minio' }, 'MinIO'],
] as const)('%j is never quietly another backend', (config, text) => {
  expect(() => resolve(config)).toThrow(
    expect.objectContaining({
      code: 'BACKEND_MISSING',
      category: 'environment',
      message: expect.stringContaining(text),
    }),
  );
});
