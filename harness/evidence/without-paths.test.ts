import { expect, test } from 'vitest';
import { withoutPaths } from './without-paths.ts';

test('keys in the paths of URLs are taken out, and hosts and folders stay', () => {
  const config = {
    rpc: { url: 'https://chain.example/v3/0123key' },
    s3: { url: 'http://127.0.0.1:9000', bucket: 'lab' },
    gateways: { ipfs: 'https://ipfs.example:8080/0123key/ipfs/' },
    mirrors: ['https://files.example/0123key/=/data/files'],
    stateRoot: '/home/lab/.wavetank',
  };
  expect(withoutPaths(config)).toEqual({
    rpc: { url: 'https://chain.example/…' },
    s3: { url: 'http://127.0.0.1:9000', bucket: 'lab' },
    gateways: { ipfs: 'https://ipfs.example:8080/…' },
    mirrors: ['https://files.example/…=/data/files'],
    stateRoot: '/home/lab/.wavetank',
  });
});
