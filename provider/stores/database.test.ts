import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openStateDatabase } from './database.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'state-database-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('a file that is no state, or a newer one, is refused with a code', () => {
  const junk = path.join(dir, 'junk');
  writeFileSync(junk, 'this is no database at all, and long enough to be looked at as one'.repeat(20));
  expect(() => openStateDatabase(junk)).toThrow(
    expect.objectContaining({ code: 'STATE_FILE_INVALID', category: 'usage' }),
  );
  const newer = path.join(dir, 'newer');
  const database = openStateDatabase(newer);
  database.sql.exec('PRAGMA user_version = 99');
  database.close();
  expect(() => openStateDatabase(newer)).toThrow(expect.objectContaining({ code: 'STATE_FILE_INVALID' }));
});

test.each([
  ['powerCut', 2],
  ['processEnd', 0],
] as const)('what survives a %s decides whether a commit waits for the disk', (survives, level) => {
  const database = openStateDatabase(path.join(dir, survives), survives);
  expect(database.sql.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: level });
  database.close();
});

test('a transaction that throws leaves nothing behind', () => {
  const database = openStateDatabase(':memory:');
  expect(() =>
    database.atomically(() => {
      database.sql.exec(`INSERT INTO nonces VALUES ('a', '1', '1')`);
      throw new Error('broken');
    }),
  ).toThrow('broken');
  expect(database.sql.prepare('SELECT count(*) AS n FROM nonces').get()).toEqual({ n: 0 });
});
