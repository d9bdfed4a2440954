import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ACCEPTED_DIFFERENCES } from './differences.ts';

test('docs/fidelity-s3.md shows every accepted difference with its reason, and no other', () => {
  const page = readFileSync(path.join(import.meta.dirname, '../../../docs/fidelity-s3.md'), 'utf8');
  const section = page.slice(page.indexOf('## Beside MinIO'), page.indexOf('## Silently ignored'));
  const rows = section.split('\n').filter((line) => /^\| [a-z-]+ \|/.test(line) && !line.startsWith('| id |'));
  const wanted = new Set(ACCEPTED_DIFFERENCES.map(({ id, reason }) => `| ${id} | ${reason} |`));
  expect(rows.toSorted()).toEqual([...wanted].toSorted());
});
