import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = import.meta.dirname;
const IDS = { P: 11, A: 14, T: 14, D: 18, E: 17, F: 11 } as const;
const ROW = /^\| ([PATDEF]\d+) \| .+ \| (\w+) \| (.*) \|$/;

interface Entry {
  readonly id: string;
  readonly state: string;
  readonly files: readonly string[];
}

const entries: Entry[] = readFileSync(path.join(ROOT, 'docs/defects.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, id, state, files] = ROW.exec(line) ?? [];
    return id === undefined || state === undefined
      ? []
      : [{ id, state, files: [...(files ?? '').matchAll(/`([^`]+)`/g)].map(([, file = '']) => file) }];
  });

const testFiles = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && file !== 'defects.test.ts' && existsSync(path.join(ROOT, file)));

/** Ids stand at the beginning of a test's name or of its case's: `'P9: …'`, `"A1, D6: …"`, `` `E1 E4: …` ``. */
function idsIn(file: string): Set<string> {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const names = [...text.matchAll(/['"`]((?:[PATDEF]\d+[, ]*)+):/g)].map(([, ids = '']) => ids);
  return new Set(names.flatMap((ids) => ids.match(/[PATDEF]\d+/g) ?? []));
}

describe('docs/defects.md', () => {
  test('has every id once, with a state', () => {
    const all = Object.entries(IDS).flatMap(([kind, count]) =>
      Array.from({ length: count }, (_, index) => `${kind}${index + 1}`),
    );
    expect(entries.map(({ id }) => id)).toEqual(all);
    expect(entries.filter(({ state }) => !['guarded', 'open'].includes(state))).toEqual([]);
  });

  test('names for every guarded id test files that carry it, and for an open one none', () => {
    const wrong = entries.filter(({ id, state, files }) =>
      state === 'open'
        ? files.length > 0
        : files.length === 0 || files.some((file) => !testFiles.includes(file) || !idsIn(file).has(id)),
    );
    expect(wrong).toEqual([]);
  });

  test('calls no id open that a test carries', () => {
    const open = new Set(entries.filter(({ state }) => state === 'open').map(({ id }) => id));
    const known = new Set(entries.map(({ id }) => id));
    const untold = testFiles.flatMap((file) =>
      [...idsIn(file)].filter((id) => open.has(id) || !known.has(id)).map((id) => `${file} ${id}`),
    );
    expect(untold).toEqual([]);
  });
});
