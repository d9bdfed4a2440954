import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const BIN = path.join(import.meta.dirname, 'bin.mjs');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wt-bin-'));
  copyFileSync(BIN, path.join(folder, 'bin.mjs'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const start = () => spawnSync(process.execPath, [path.join(folder, 'bin.mjs'), '--version'], { encoding: 'utf8' });

function pinNode(program: string): void {
  mkdirSync(path.join(folder, 'node_modules/node/bin'), { recursive: true });
  writeFileSync(path.join(folder, 'node_modules/node/package.json'), '{"name":"node"}');
  writeFileSync(path.join(folder, 'node_modules/node/bin/node'), program, { mode: 0o755 });
}

test('without its own Node it says how to install one', () => {
  expect(start()).toMatchObject({ status: 3, stderr: expect.stringContaining('Run `npm ci`') });
});

test('a Node whose loader this machine does not have is told as that', () => {
  pinNode('#!/lib/no-such-loader\n');
  expect(start()).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('does not run on this machine (ENOENT)'),
  });
});

test('its own Node gets the arguments, and has the last word', () => {
  pinNode('#!/bin/sh\necho "$1 $3"; exit 7\n');
  expect(start()).toMatchObject({ status: 7, stdout: '-- --version\n' });
});
