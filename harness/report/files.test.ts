import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileReporter } from './files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'reports-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const BEGUN = {
  version: 1,
  seq: 0,
  atMs: 0,
  type: 'run.started',
  scenario: 'a-bug',
  title: 'T',
  seed: 7,
  backend: { cluster: 'embedded', storage: 'embedded' },
} as const;

test('the folder is made, and holds the trace and the reports', async () => {
  const reporter = fileReporter(path.join(folder, 'new/one'));
  reporter.onEvent(BEGUN);
  await reporter.close();
  const read = (name: string): string => readFileSync(path.join(folder, 'new/one', name), 'utf8');
  expect(JSON.parse(read('trace.ndjson'))).toEqual(BEGUN);
  expect(JSON.parse(read('report.json'))).toMatchObject({ version: 1, scenario: 'a-bug', seed: 7 });
  expect(read('junit.xml')).toContain('<testsuite');
});

test('a place that is no folder is refused at once', () => {
  const file = path.join(folder, 'file');
  writeFileSync(file, 'mine');
  for (const directory of [file, path.join(file, 'below')]) {
    expect(() => fileReporter(directory)).toThrow(
      expect.objectContaining({ code: 'REPORT_UNWRITABLE', category: 'usage' }),
    );
  }
  expect(readFileSync(file, 'utf8')).toBe('mine');
});

test('a disk that fills up while the run lasts is told when it ends, not before', async () => {
  symlinkSync('/dev/full', path.join(folder, 'trace.ndjson'));
  const reporter = fileReporter(folder);
  reporter.onEvent(BEGUN);
  await expect(reporter.close()).rejects.toMatchObject({ code: 'ENOSPC' });
});
