import type { StatementSync } from 'node:sqlite';
import { checksumAddress } from '../../core/protocol/address.ts';
import type { StateDatabase } from './database.ts';

export type NonceOutcome =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      readonly problem: 'invalid' | 'too-large' | 'not-greater' | 'already-used';
      readonly stored: string | undefined;
    };

/**
 * The last nonce of every address; addresses are normalised, so that letter case gives nobody a fresh row (A2).
 * An accepted nonce is on disk before the call returns.
 */
export interface NonceStore {
  /** As it was sent; undefined when the address has none. Reads only (A12). */
  last(address: string): string | undefined;
  /** Takes the nonce if it is strictly greater than the last one; compare and set are one step (A3). */
  take(address: string, nonce: string): NonceOutcome;
  /**
   * Takes each nonce once, in any order: for environment addresses, whose jobs fetch at the same time.
   * Nonces older than the newest `WINDOW_SIZE` are refused.
   */
  takeInWindow(address: string, nonce: string): NonceOutcome;
}

export const WINDOW_SIZE = 4096;

/** Clients count in doubles (`Number(nonce) + 1`): from here on they could never move on. */
const LIMIT = 2n ** 53n;
const INTEGER_DIGITS = 16;
const FRACTION_DIGITS = 18;
const DECIMAL = /^(0|[1-9][0-9]{0,31})(?:\.([0-9]{1,18}))?$/;

/**
 * A decimal of any spelling as text that sorts like the number. Leading zeros are no valid spelling: 01 could otherwise
 * be the end of one signed message and the index and nonce of another.
 */
export function nonceSortKey(nonce: string): { readonly key: string } | { readonly problem: 'invalid' | 'too-large' } {
  const match = DECIMAL.exec(nonce);
  if (!match) return { problem: 'invalid' };
  const integer = match[1] ?? '';
  if (BigInt(integer) >= LIMIT) return { problem: 'too-large' };
  return { key: `${integer.padStart(INTEGER_DIGITS, '0')}.${(match[2] ?? '').padEnd(FRACTION_DIGITS, '0')}` };
}

export function createNonceStore(database: StateDatabase): NonceStore {
  const { sql } = database;
  const select = sql.prepare('SELECT nonce FROM nonces WHERE address = ?');
  const upsert = sql.prepare(
    `INSERT INTO nonces (address, nonce, sort_key) VALUES (?, ?, ?)
     ON CONFLICT (address) DO UPDATE SET nonce = excluded.nonce, sort_key = excluded.sort_key
     WHERE excluded.sort_key > nonces.sort_key`,
  );
  const last = (address: string): string | undefined =>
    (select.get(checksumAddress(address)) as { nonce: string } | undefined)?.nonce;
  const windowed = windowStatements(database);

  return {
    last,
    take(address, nonce) {
      const sorted = nonceSortKey(nonce);
      if ('problem' in sorted) return { accepted: false, problem: sorted.problem, stored: last(address) };
      const { changes } = upsert.run(checksumAddress(address), nonce, sorted.key);
      return Number(changes) === 1
        ? { accepted: true }
        : { accepted: false, problem: 'not-greater', stored: last(address) };
    },
    takeInWindow(address, nonce) {
      const sorted = nonceSortKey(nonce);
      if ('problem' in sorted) return { accepted: false, problem: sorted.problem, stored: last(address) };
      const isTaken = database.atomically(() => takeOnce(windowed, checksumAddress(address), sorted.key));
      if (!isTaken) return { accepted: false, problem: 'already-used', stored: last(address) };
      upsert.run(checksumAddress(address), nonce, sorted.key);
      return { accepted: true };
    },
  };
}

interface WindowStatements {
  readonly insert: StatementSync;
  readonly count: StatementSync;
  readonly oldest: StatementSync;
  readonly trim: StatementSync;
}

function windowStatements({ sql }: StateDatabase): WindowStatements {
  return {
    insert: sql.prepare('INSERT INTO nonce_window (address, sort_key) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    count: sql.prepare('SELECT count(*) AS n FROM nonce_window WHERE address = ?'),
    oldest: sql.prepare('SELECT min(sort_key) AS oldest FROM nonce_window WHERE address = ?'),
    trim: sql.prepare('DELETE FROM nonce_window WHERE address = ? AND sort_key = ?'),
  };
}

/** The window's oldest entry doubles as the floor once the window is full: what is older was or may have been used. */
function takeOnce(statements: WindowStatements, address: string, key: string): boolean {
  const { n } = statements.count.get(address) as { n: number };
  const { oldest } = statements.oldest.get(address) as { oldest: string | null };
  if (n >= WINDOW_SIZE && oldest !== null && key <= oldest) return false;
  if (Number(statements.insert.run(address, key).changes) === 0) return false;
  if (n >= WINDOW_SIZE && oldest !== null) statements.trim.run(address, oldest);
  return true;
}
