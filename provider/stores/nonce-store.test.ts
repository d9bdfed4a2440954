import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { USER } from '../testing/assets.ts';
import { openStateDatabase } from './database.ts';
import { WINDOW_SIZE, createNonceStore, nonceSortKey } from './nonce-store.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'nonce-store-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const fresh = () => createNonceStore(openStateDatabase(':memory:'));

describe('nonces', () => {
  test('A3: only a strictly greater one is taken', () => {
    const nonces = fresh();
    expect(nonces.take(USER, '8')).toEqual({ accepted: true });
    expect(nonces.take(USER, '8')).toMatchObject({ accepted: false, problem: 'not-greater', stored: '8' });
    expect(nonces.take(USER, '7')).toMatchObject({ problem: 'not-greater' });
    expect(nonces.take(USER, '8.1')).toEqual({ accepted: true });
    expect(nonces.take(USER, '10')).toEqual({ accepted: true });
    expect(nonces.last(USER)).toBe('10');
  });

  test('A2: letter case gives nobody a fresh row', () => {
    const nonces = fresh();
    nonces.take(USER, '5');
    expect(nonces.take(USER.toLowerCase(), '5')).toMatchObject({ problem: 'not-greater' });
    expect(nonces.last(`0x${USER.slice(2).toUpperCase()}`)).toBe('5');
  });

  test('A12: reading the last one stores nothing', () => {
    const database = openStateDatabase(':memory:');
    expect(createNonceStore(database).last(USER)).toBeUndefined();
    expect(database.sql.prepare('SELECT count(*) AS n FROM nonces').get()).toEqual({ n: 0 });
  });

  test.each([
    ['1', 'ok'],
    ['1700000000.123', 'ok'],
    ['9007199254740991', 'ok'],
    ['9007199254740992', 'too-large'],
    ['1900000000000000000', 'too-large'],
    ['01', 'invalid'],
    ['-1', 'invalid'],
    ['1e3', 'invalid'],
    ['', 'invalid'],
    ['0x10', 'invalid'],
    [' 1', 'invalid'],
    ['1.', 'invalid'],
    ['9'.repeat(400), 'invalid'],
  ])('the nonce %s is %s', (nonce, verdict) => {
    const sorted = nonceSortKey(nonce);
    expect('problem' in sorted ? sorted.problem : 'ok').toBe(verdict);
  });

  test('sort keys sort like the numbers', () => {
    const decimal = fc
      .tuple(fc.nat(2 ** 31 - 1), fc.integer({ min: 0, max: 999 }))
      .map(([whole, part]) => `${whole}.${String(part).padStart(3, '0')}`);
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const [x, y] = [nonceSortKey(a), nonceSortKey(b)];
        expect('key' in x && 'key' in y && Math.sign(x.key < y.key ? -1 : x.key > y.key ? 1 : 0)).toBe(
          Math.sign(Number(a) - Number(b)),
        );
      }),
    );
  });

  test('A4: what was taken is still taken for the next process, and for another one at the same time', () => {
    const file = path.join(dir, 'nonces.sqlite');
    const [one, two] = [openStateDatabase(file), openStateDatabase(file)];
    expect(createNonceStore(one).take(USER, '3')).toEqual({ accepted: true });
    expect(createNonceStore(two).take(USER, '3')).toMatchObject({ problem: 'not-greater' });
    one.close();
    two.close();
    const three = openStateDatabase(file);
    expect(createNonceStore(three).take(USER, '3')).toMatchObject({ problem: 'not-greater' });
    three.close();
  });

  test('whatever is sent in whatever order over two connections, each nonce is taken at most once and they rise', () => {
    const file = path.join(dir, 'property.sqlite');
    const databases = [openStateDatabase(file), openStateDatabase(file)];
    const stores = databases.map(createNonceStore);
    let round = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 0, max: 12 })), { maxLength: 20 }), (sends) => {
        const address = `0x${String(round++).padStart(40, '0')}`;
        const taken = sends.flatMap(([store, nonce]) =>
          stores[store]?.take(address, String(nonce)).accepted ? [nonce] : [],
        );
        expect(taken).toEqual([...new Set(taken)].toSorted((a, b) => a - b));
      }),
      { numRuns: 40 },
    );
    databases.forEach((database) => database.close());
  });
});

describe('nonces of an environment', () => {
  test('each is taken once, in any order', () => {
    const nonces = fresh();
    const outcomes = ['10', '12', '11', '10', '11', '13'].map((nonce) => nonces.takeInWindow(USER, nonce).accepted);
    expect(outcomes).toEqual([true, true, true, false, false, true]);
    expect(nonces.last(USER)).toBe('13');
  });

  test('what is older than the window is refused, and the window does not grow', () => {
    const database = openStateDatabase(':memory:');
    const nonces = createNonceStore(database);
    database.sql.exec('BEGIN');
    const insert = database.sql.prepare(`INSERT INTO nonce_window VALUES (?, ?)`);
    for (let i = 1; i <= WINDOW_SIZE; i++) insert.run(USER, (nonceSortKey(String(1000 + i)) as { key: string }).key);
    database.sql.exec('COMMIT');
    expect(nonces.takeInWindow(USER, '999')).toMatchObject({ problem: 'already-used' });
    expect(nonces.takeInWindow(USER, '9999')).toEqual({ accepted: true });
    expect(nonces.takeInWindow(USER, '1001')).toMatchObject({ problem: 'already-used' });
    expect(database.sql.prepare('SELECT count(*) AS n FROM nonce_window').get()).toEqual({ n: WINDOW_SIZE });
  });
});
