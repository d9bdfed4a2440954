import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProcessOwner } from '../../../../core/process/process-owner.ts';
import { thisProcess } from '../../../../core/process/process-owner.ts';
import { sweep } from './journal.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), 'journal-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

/** A run with one folder, as its owner would have left it. */
function leave(name: string, owner: ProcessOwner): void {
  const directory = path.join(stateDir, name);
  mkdirSync(directory);
  const records = [
    { kind: 'owner', ...owner },
    { kind: 'directory', path: directory },
  ];
  writeFileSync(
    path.join(stateDir, `${name}.journal.ndjson`),
    records.map((one) => `${JSON.stringify(one)}\n`).join(''),
  );
}

test('what a dead run wrote down is removed; what lives, or is another container’s, is not', () => {
  leave('wt-dead', { ...thisProcess(), startTicks: '1' });
  leave('wt-alive', thisProcess());
  leave('wt-elsewhere', { ...thisProcess(), startTicks: '1', pidNamespace: '1' });
  expect(sweep(stateDir)).toMatchObject({ directories: 1 });
  expect(readdirSync(stateDir).toSorted()).toEqual([
    'wt-alive',
    'wt-alive.journal.ndjson',
    'wt-elsewhere',
    'wt-elsewhere.journal.ndjson',
  ]);
});

test('a journal that was listed and is gone when it is read is another sweep’s work', () => {
  leave('wt-dead', { ...thisProcess(), startTicks: '1' });
  symlinkSync('gone', path.join(stateDir, 'a.journal.ndjson'));
  expect(sweep(stateDir)).toMatchObject({ directories: 1 });
});
