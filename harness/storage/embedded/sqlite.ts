import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { assert } from '../../../core/errors.ts';

/** One row of a result, read by column with the type that the schema promises. */
export class Row {
  readonly #columns: Record<string, SQLOutputValue>;

  constructor(columns: Record<string, SQLOutputValue>) {
    this.#columns = columns;
  }

  text(column: string): string {
    const value = this.#columns[column];
    assert(typeof value === 'string', `column ${column} holds text`);
    return value;
  }

  number(column: string): number {
    const value = this.#columns[column];
    assert(typeof value === 'number', `column ${column} holds a number`);
    return value;
  }

  bytes(column: string): Uint8Array | undefined {
    const value = this.#columns[column];
    return value instanceof Uint8Array ? value : undefined;
  }

  /** Keys are stored as their UTF-8 bytes: SQLite then sorts them as S3 does. */
  key(): string {
    return Buffer.from(this.bytes('key') ?? []).toString('utf8');
  }

  json(column: string): unknown {
    return JSON.parse(this.text(column)) as unknown;
  }
}

/** Statements prepared once, when first used. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql)
      .all(...values)
      .map((columns) => new Row(columns));
  }

  first(sql: string, ...values: SQLInputValue[]): Row | undefined {
    const columns = this.#prepare(sql).get(...values);
    return columns && new Row(columns);
  }

  /** How many rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** All of `work` or nothing. */
  transaction<T>(work: () => T): T {
    this.run('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.run('COMMIT');
      return result;
    } catch (error) {
      this.run('ROLLBACK');
      throw error;
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (!statement) this.#prepared.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

export function keyBytes(key: string): Buffer {
  return Buffer.from(key, 'utf8');
}
