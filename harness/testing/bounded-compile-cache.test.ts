import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { emptyWhenFull } from './bounded-compile-cache.ts';

test('a compile cache is emptied when it has more files than it may, and not before', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'compile-cache-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, 'v24'));
  for (const name of ['a', 'b']) writeFileSync(path.join(folder, 'v24', name), '');
  emptyWhenFull(folder, 2);
  expect(existsSync(path.join(folder, 'v24', 'b'))).toBe(true);
  emptyWhenFull(folder, 1);
  expect(existsSync(folder)).toBe(false);
  emptyWhenFull(folder, 1);
});
