import type { Blob, Content } from './blob-store.ts';
import { idsOf, sizeOf } from './blob-store.ts';
import type { Checksum } from './checksums.ts';
import type { Row, Statements } from './sqlite.ts';
import { keyBytes } from './sqlite.ts';

export const OBJECT_SCHEMA = `
  CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, created_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL REFERENCES buckets, key BLOB NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL, attributes TEXT NOT NULL, blobs TEXT NOT NULL, inline BLOB,
    UNIQUE (bucket, key)
  );
`;

/** What a client gave an object beside its bytes. */
export interface Attributes {
  /** content-type, cache-control, content-disposition, content-encoding, content-language, expires. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without the x-amz-meta- in front, lower-case. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface StoredChecksum extends Checksum {
  /** Composite: of the parts' checksums, with their count behind. */
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

export interface ObjectEntry {
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  readonly size: number;
  readonly modifiedMs: number;
}

export interface StoredObject extends ObjectEntry {
  readonly attributes: Attributes;
  readonly checksum: StoredChecksum | undefined;
  readonly content: Content;
}

export interface BucketEntry {
  readonly name: string;
  readonly createdMs: number;
}

/** Buckets and objects. Every method is synchronous, so each is atomic for all requests. */
export class ObjectIndex {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  buckets(): BucketEntry[] {
    return this.#sql.all('SELECT * FROM buckets ORDER BY name').map(bucketOf);
  }

  bucket(name: string): BucketEntry | undefined {
    const row = this.#sql.first('SELECT * FROM buckets WHERE name = ?', name);
    return row && bucketOf(row);
  }

  createBucket(name: string, createdMs: number): void {
    this.#sql.run('INSERT INTO buckets VALUES (?, ?)', name, createdMs);
  }

  deleteBucket(name: string): void {
    this.#sql.run('DELETE FROM buckets WHERE name = ?', name);
  }

  isEmpty(bucket: string): boolean {
    return this.#sql.first('SELECT 1 AS one FROM objects WHERE bucket = ? LIMIT 1', bucket) === undefined;
  }

  object(bucket: string, key: string): StoredObject | undefined {
    const row = this.#sql.first('SELECT * FROM objects WHERE bucket = ? AND key = ?', bucket, keyBytes(key));
    return row && objectOf(row);
  }

  /** Puts the object in place of what was there. Returns the ids of the blobs that nobody refers to any more. */
  put(bucket: string, object: Omit<StoredObject, 'size'>): readonly string[] {
    const replaced = this.object(bucket, object.key);
    const { content } = object;
    this.#sql.run(
      `INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (bucket, key) DO UPDATE SET etag = excluded.etag,
       size = excluded.size, modified_ms = excluded.modified_ms, attributes = excluded.attributes, blobs = excluded.blobs, inline = excluded.inline`,
      bucket,
      keyBytes(object.key),
      object.etag,
      sizeOf(content),
      object.modifiedMs,
      JSON.stringify({ ...object.attributes, checksum: object.checksum }),
      JSON.stringify(content.kind === 'blobs' ? content.blobs : []),
      content.kind === 'inline' ? content.bytes : null,
    );
    return replaced ? idsOf(replaced.content) : [];
  }

  delete(bucket: string, key: string): readonly string[] {
    const deleted = this.object(bucket, key);
    if (!deleted) return [];
    this.#sql.run('DELETE FROM objects WHERE bucket = ? AND key = ?', bucket, keyBytes(key));
    return idsOf(deleted.content);
  }

  /** Entries with keys from `from` on, in the order of their UTF-8 bytes. */
  entriesFrom(bucket: string, from: Buffer, limit: number): ObjectEntry[] {
    return this.#sql
      .all(
        'SELECT key, etag, size, modified_ms FROM objects WHERE bucket = ? AND key >= ? ORDER BY key LIMIT ?',
        bucket,
        from,
        limit,
      )
      .map(entryOf);
  }

  /** Ids of all blobs of objects. */
  blobIds(): string[] {
    return this.#sql
      .all("SELECT blobs FROM objects WHERE blobs <> '[]'")
      .flatMap((row) => blobsOf(row).map((blob) => blob.id));
  }
}

function bucketOf(row: Row): BucketEntry {
  return { name: row.text('name'), createdMs: row.number('created_ms') };
}

function entryOf(row: Row): ObjectEntry {
  return { key: row.key(), etag: row.text('etag'), size: row.number('size'), modifiedMs: row.number('modified_ms') };
}

function objectOf(row: Row): StoredObject {
  const { checksum, ...attributes } = row.json('attributes') as Attributes & { checksum?: StoredChecksum };
  const inline = row.bytes('inline');
  const content: Content = inline ? { kind: 'inline', bytes: inline } : { kind: 'blobs', blobs: blobsOf(row) };
  return { ...entryOf(row), attributes, checksum, content };
}

function blobsOf(row: Row): readonly Blob[] {
  return row.json('blobs') as readonly Blob[];
}
