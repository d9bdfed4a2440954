import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Entropy } from '../../../core/entropy.ts';
import type { Native } from '../../../core/native.ts';
import { BlobStore } from './blob-store.ts';
import { OBJECT_SCHEMA, ObjectIndex } from './object-index.ts';
import { Statements } from './sqlite.ts';
import { UPLOAD_SCHEMA, UploadIndex } from './upload-index.ts';

/** All that is on disk: an index in SQLite and the files it refers to. */
export interface Storage {
  readonly objects: ObjectIndex;
  readonly uploads: UploadIndex;
  readonly blobs: BlobStore;
  /** All index changes of `work` or none. `work` is synchronous: no other request comes between. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/**
 * Opens or creates the data directory. Writes reach the operating system, not the platter: a killed process loses
 * nothing that was answered, a power cut may.
 */
export function openStorage(options: { dataDir: string; native: Native; entropy: Entropy }): Storage {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path.join(options.dataDir, 'index.sqlite'));
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; ${OBJECT_SCHEMA} ${UPLOAD_SCHEMA}`,
  );
  const sql = new Statements(database);
  const [objects, uploads] = [new ObjectIndex(sql), new UploadIndex(sql)];
  const blobs = new BlobStore({ ...options, directory: path.join(options.dataDir, 'blobs') });
  const referenced = new Set([...objects.blobIds(), ...uploads.blobIds()]);
  blobs.sweep((id) => referenced.has(id));
  return { objects, uploads, blobs, transaction: (work) => sql.transaction(work), close: () => database.close() };
}
