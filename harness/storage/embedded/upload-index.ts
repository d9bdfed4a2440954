import type { Content } from './blob-store.ts';
import { idsOf } from './blob-store.ts';
import type { Checksum, ChecksumAlgorithm } from './checksums.ts';
import type { Attributes } from './object-index.ts';
import type { Row, Statements } from './sqlite.ts';
import { keyBytes } from './sqlite.ts';

export const UPLOAD_SCHEMA = `
  CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL REFERENCES buckets, key BLOB NOT NULL, initiated_ms INTEGER NOT NULL, details TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS uploads_by_key ON uploads (bucket, key, id);
  CREATE TABLE IF NOT EXISTS parts (
    upload_id TEXT NOT NULL REFERENCES uploads, number INTEGER NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL, checksum TEXT NOT NULL, blobs TEXT NOT NULL, inline BLOB,
    PRIMARY KEY (upload_id, number)
  );
`;

export interface UploadDetails extends Attributes {
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: 'FULL_OBJECT' | 'COMPOSITE';
}

/** A multipart upload that is neither completed nor aborted. */
export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiatedMs: number;
  readonly details: UploadDetails;
}

export interface Part {
  readonly number: number;
  readonly etag: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly checksum: Checksum | undefined;
  readonly content: Content;
}

/** Multipart uploads and their parts; synchronous as the object index is. */
export class UploadIndex {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  create(upload: Upload): void {
    this.#sql.run(
      'INSERT INTO uploads VALUES (?, ?, ?, ?, ?)',
      upload.id,
      upload.bucket,
      keyBytes(upload.key),
      upload.initiatedMs,
      JSON.stringify(upload.details),
    );
  }

  /** An id belongs to its bucket and key: with others it does not exist. */
  find(id: string, bucket: string, key: string): Upload | undefined {
    const row = this.#sql.first(
      'SELECT * FROM uploads WHERE id = ? AND bucket = ? AND key = ?',
      id,
      bucket,
      keyBytes(key),
    );
    return row && uploadOf(row);
  }

  /** Uploads after (`key`, `id`), by key and then id. */
  after(bucket: string, key: Buffer, id: string, limit: number): Upload[] {
    return this.#sql
      .all(
        'SELECT * FROM uploads WHERE bucket = ? AND (key > ? OR (key = ? AND id > ?)) ORDER BY key, id LIMIT ?',
        bucket,
        key,
        key,
        id,
        limit,
      )
      .map(uploadOf);
  }

  count(bucket: string): number {
    return this.#sql.first('SELECT count(*) AS count FROM uploads WHERE bucket = ?', bucket)?.number('count') ?? 0;
  }

  /** Returns the ids of the blobs of a part that this one replaces. */
  putPart(uploadId: string, part: Part): readonly string[] {
    const replaced = this.#sql.first('SELECT * FROM parts WHERE upload_id = ? AND number = ?', uploadId, part.number);
    const { content } = part;
    this.#sql.run(
      'INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      uploadId,
      part.number,
      part.etag,
      part.size,
      part.modifiedMs,
      JSON.stringify(part.checksum ?? null),
      JSON.stringify(content.kind === 'blobs' ? content.blobs : []),
      content.kind === 'inline' ? content.bytes : null,
    );
    return replaced ? idsOf(partOf(replaced).content) : [];
  }

  partsAfter(uploadId: string, number: number, limit: number): Part[] {
    return this.#sql
      .all('SELECT * FROM parts WHERE upload_id = ? AND number > ? ORDER BY number LIMIT ?', uploadId, number, limit)
      .map(partOf);
  }

  part(uploadId: string, number: number): Part | undefined {
    const row = this.#sql.first('SELECT * FROM parts WHERE upload_id = ? AND number = ?', uploadId, number);
    return row && partOf(row);
  }

  /** Forgets the upload. Returns the ids of all its blobs. */
  delete(id: string): readonly string[] {
    const ids = this.#blobIds('SELECT * FROM parts WHERE upload_id = ?', id);
    this.#sql.run('DELETE FROM parts WHERE upload_id = ?', id);
    this.#sql.run('DELETE FROM uploads WHERE id = ?', id);
    return ids;
  }

  /** Ids of all blobs of parts. */
  blobIds(): string[] {
    return this.#blobIds("SELECT * FROM parts WHERE blobs <> '[]'");
  }

  #blobIds(sql: string, ...values: string[]): string[] {
    return this.#sql.all(sql, ...values).flatMap((row) => idsOf(partOf(row).content));
  }
}

function uploadOf(row: Row): Upload {
  return {
    id: row.text('id'),
    bucket: row.text('bucket'),
    key: row.key(),
    initiatedMs: row.number('initiated_ms'),
    details: row.json('details') as UploadDetails,
  };
}

function partOf(row: Row): Part {
  const inline = row.bytes('inline');
  return {
    number: row.number('number'),
    etag: row.text('etag'),
    size: row.number('size'),
    modifiedMs: row.number('modified_ms'),
    checksum: (row.json('checksum') as Checksum | null) ?? undefined,
    content: inline
      ? { kind: 'inline', bytes: inline }
      : { kind: 'blobs', blobs: row.json('blobs') as Extract<Content, { kind: 'blobs' }>['blobs'] },
  };
}
