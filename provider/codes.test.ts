import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { CODES } from './codes.ts';

const root = path.join(import.meta.dirname, '..');
const page = readFileSync(path.join(root, 'docs/parts/provider.md'), 'utf8');

test('the page lists every code with its status, meaning and remedy, and no other', () => {
  const rows = page.split('\n').filter((line) => /^\| `[A-Z_]+` \| \d+ \|/.test(line));
  const expected = Object.entries(CODES).map(
    ([code, { status, meaning, action }]) => `| \`${code}\` | ${status} | ${meaning} | ${action} |`,
  );
  expect(rows).toEqual(expected);
});

test('every code of the catalogue is used', () => {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'provider'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('codes.ts'));
  const source = files.map((file) => readFileSync(path.join(root, file), 'utf8')).join('\n');
  expect(Object.keys(CODES).filter((code) => !source.includes(`'${code}'`) && !source.includes(`${code}:`))).toEqual(
    [],
  );
});
