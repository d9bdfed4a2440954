import { DatabaseSync } from 'node:sqlite';
import { WavetankError, messageOf } from '../../core/errors.ts';

/** Bumped with every change of the tables. */
const SCHEMA_VERSION = 1;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS nonces (
  address TEXT PRIMARY KEY,
  nonce TEXT NOT NULL,
  sort_key TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS nonce_window (
  address TEXT NOT NULL,
  sort_key TEXT NOT NULL,
  PRIMARY KEY (address, sort_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
  job_id TEXT PRIMARY KEY,
  provider TEXT NOT NULL,
  owner TEXT NOT NULL,
  chain_id INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('reserved', 'confirmed', 'ended', 'given_back')),
  reserved_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS run_orders (
  order_key TEXT NOT NULL,
  job_id TEXT NOT NULL REFERENCES runs (job_id),
  is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
  PRIMARY KEY (order_key, job_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_open_run_per_order ON run_orders (order_key) WHERE is_open = 1;
CREATE INDEX IF NOT EXISTS orders_of_run ON run_orders (job_id);
CREATE INDEX IF NOT EXISTS runs_by_state ON runs (state);
CREATE TABLE IF NOT EXISTS revoked_tokens (
  token_hash TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

export interface StateDatabase {
  readonly sql: DatabaseSync;
  /** Runs `work` in one write transaction: all of it or nothing, also against other processes on the same file. */
  atomically<T>(work: () => T): T;
  close(): void;
}

/**
 * What a committed change outlasts. `powerCut` waits for the disk with every commit; for `processEnd` the kernel's word is
 * enough: what a killed process has committed is still there, but not all of it when the machine itself goes down.
 */
export type StateSurvives = 'powerCut' | 'processEnd';

/** @throws WavetankError STATE_FILE_INVALID (usage) when the file is no state of this version */
export function openStateDatabase(file: string, survives: StateSurvives = 'powerCut'): StateDatabase {
  let sql: DatabaseSync;
  try {
    sql = new DatabaseSync(file);
    sql.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;');
    sql.exec(`PRAGMA synchronous = ${survives === 'powerCut' ? 'FULL' : 'OFF'};`);
    migrate(sql);
  } catch (cause) {
    if (cause instanceof WavetankError) throw cause;
    throw new WavetankError('STATE_FILE_INVALID', `The Provider's state cannot be opened: ${messageOf(cause)}.`, {
      category: 'usage',
      cause,
    });
  }
  return {
    sql,
    atomically(work) {
      sql.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        sql.exec('COMMIT');
        return result;
      } catch (error) {
        sql.exec('ROLLBACK');
        throw error;
      }
    },
    close() {
      if (sql.isOpen) sql.close();
    },
  };
}

function migrate(sql: DatabaseSync): void {
  const row = sql.prepare('PRAGMA user_version').get() as { user_version: number };
  if (row.user_version > SCHEMA_VERSION) {
    throw new WavetankError('STATE_FILE_INVALID', "The Provider's state was written by a newer version.", {
      category: 'usage',
    });
  }
  if (row.user_version === SCHEMA_VERSION) return;
  sql.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
}
