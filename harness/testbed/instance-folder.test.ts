import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { thisProcess } from '../../core/process/process-owner.ts';
import { claimInstanceFolder, findInstances, removeDeadInstances } from './instance-folder.ts';
import { noteOutsideFile, noteOutsideFolder } from './outside-notes.ts';

let root: string;
let outside: string;
let others: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'instances-'));
  outside = mkdtempSync(path.join(tmpdir(), 'wavetank-canary-'));
  others = mkdtempSync(path.join(tmpdir(), 'others-'));
});
afterEach(() => [root, outside, others].forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** As kill -9 leaves it: nobody has this process id and start time. */
function abandon(folder: string): void {
  writeFileSync(path.join(folder, 'owner.json'), JSON.stringify({ pid: 1, startTicks: '0', bootId: 'before' }));
}

test('what an instance noted outside goes with it when it is dead, and not before', () => {
  const { path: folder } = claimInstanceFolder(root, 'one');
  noteOutsideFolder(folder, outside);
  expect([removeDeadInstances(root), existsSync(outside)]).toEqual([[], true]);
  abandon(folder);
  expect([removeDeadInstances(root), existsSync(outside), existsSync(folder)]).toEqual([['one'], false, false]);
});

test('what a process of another container has in the same folder stays: nobody here can tell whether it lives', () => {
  const { path: folder } = claimInstanceFolder(root, 'one');
  const owner = { ...thisProcess(), pid: 999_999, startTicks: '1', pidNamespace: '1' };
  writeFileSync(path.join(folder, 'owner.json'), JSON.stringify(owner));
  expect(findInstances(root)).toMatchObject([{ instance: 'one', state: 'unknown' }]);
  expect([removeDeadInstances(root), existsSync(folder)]).toEqual([[], true]);
});

test('a file that it wrote goes with a dead instance, unless somebody has changed it', () => {
  const { path: folder } = claimInstanceFolder(root, 'one');
  const [kept, changed, gone] = ['kept', 'changed', 'gone'].map((name) => path.join(others, name));
  for (const file of [kept, changed, gone] as string[]) {
    writeFileSync(file, 'endpoints');
    noteOutsideFile(folder, file, 'endpoints');
  }
  writeFileSync(changed as string, 'mine');
  rmSync(gone as string);
  expect(removeDeadInstances(root)).toEqual([]);
  expect(readdirSync(others).toSorted()).toEqual(['changed', 'kept']);
  abandon(folder);
  expect(removeDeadInstances(root)).toEqual(['one']);
  expect(readdirSync(others)).toEqual(['changed']);
});

test('a note that was struck out leaves nothing', () => {
  const { path: folder } = claimInstanceFolder(root, 'one');
  const strikeOut = noteOutsideFolder(folder, outside);
  const strikeOther = noteOutsideFolder(folder, others);
  strikeOther();
  expect(readdirSync(folder).toSorted()).toEqual(['outside', 'owner.json']);
  strikeOut();
  expect(readdirSync(folder)).toEqual(['owner.json']);
});

test('nothing else goes, whatever stands in the note', () => {
  const { path: folder } = claimInstanceFolder(root, 'one');
  const inside = path.join(outside, 'deeper');
  mkdirSync(inside);
  const notes = [others, `${outside}/../${path.basename(others)}`, path.join(outside, 'deeper'), tmpdir(), '', '/'];
  for (const note of notes) noteOutsideFolder(folder, note);
  abandon(folder);
  expect(removeDeadInstances(root)).toEqual(['one']);
  expect([existsSync(others), existsSync(inside)]).toEqual([true, true]);
});

test('a place that takes nothing is named, with what to do', () => {
  const file = path.join(root, 'file');
  writeFileSync(file, '');
  for (const stateRoot of [file, path.join(file, 'below')]) {
    expect(() => claimInstanceFolder(stateRoot, 'one')).toThrow(
      expect.objectContaining({
        code: 'STATE_UNWRITABLE',
        category: 'environment',
        hint: expect.stringContaining('--state'),
      }),
    );
  }
});
