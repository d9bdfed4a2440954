import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'wavetank-folder-'));
});

afterAll(() => rmSync(root, { recursive: true }));

test('makes what is missing, and lets be what is there', () => {
  const folder = path.join(root, 'a/b/c');
  makeFolder(folder);
  makeFolder(folder);
  expect(statSync(folder).isDirectory()).toBe(true);
});

test('says that a file has the name, or stands in the way', () => {
  const file = path.join(root, 'file');
  writeFileSync(file, '');
  expect(() => makeFolder(file)).toThrow(/EEXIST/);
  expect(() => makeFolder(path.join(file, 'below'))).toThrow(/EEXIST|ENOTDIR/);
});

test('says that nothing can be made in /proc, where a recursive mkdir of Node never ends', () => {
  expect(() => makeFolder('/proc/reports/today')).toThrow(/ENOENT.*\/proc\/reports'/);
});
