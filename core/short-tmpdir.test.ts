import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { shortTmpdir } from './short-tmpdir.ts';

afterEach(() => vi.unstubAllEnvs());

test.each([
  ['/var/tmp', '/var/tmp'],
  [path.join('/home', 'somebody', 'a'.repeat(60)), '/tmp'],
  // 18 letters, 36 bytes.
  [`/${'ä'.repeat(18)}`, '/tmp'],
])('below %s sockets lie in %s', (folder, expected) => {
  vi.stubEnv('TMPDIR', folder);
  expect(shortTmpdir()).toBe(expected);
});
