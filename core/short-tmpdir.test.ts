import path from 'node:path';
import { expect, test } from 'vitest';
import { shortTmpdir } from './short-tmpdir.ts';

test.each([
  ['/var/tmp', '/var/tmp'],
  [path.join('/home', 'somebody', 'a'.repeat(60)), '/tmp'],
  // 19 letters, 37 bytes.
  [`/${'ä'.repeat(18)}`, '/tmp'],
])('below %s sockets lie in %s', (folder, expected) => {
  expect(shortTmpdir(folder)).toBe(expected);
});
