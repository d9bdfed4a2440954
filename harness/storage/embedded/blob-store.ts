import { linkSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Entropy } from '../../../core/entropy.ts';
import { randomHex } from '../../../core/entropy.ts';
import type { Native } from '../../../core/native.ts';

/** A file of bytes that never change, named by a random id: no key of a client ever becomes part of a path. */
export interface Blob {
  readonly id: string;
  readonly size: number;
}

/** What an object or a part consists of: small bodies lie in the index itself, larger ones in files. */
export type Content =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'blobs'; readonly blobs: readonly Blob[] };

/** From this size on a body gets its own file. Below, one row in the index is faster than two files. */
export const INLINE_BYTES = 16_384;

const WRITE_BATCH_BYTES = 512 * 1024;
const READ_BYTES = 256 * 1024;

/**
 * Files written once, read while pinned, removed when nobody refers to them or reads them.
 * A reader that pinned an object's blobs goes on reading the old bytes while a writer replaces the object.
 */
export class BlobStore {
  readonly #directory: string;
  readonly #native: Native;
  readonly #entropy: Entropy;
  readonly #pins = new Map<string, number>();
  readonly #doomed = new Set<string>();

  constructor(options: { directory: string; native: Native; entropy: Entropy }) {
    this.#directory = options.directory;
    this.#native = options.native;
    this.#entropy = options.entropy;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
  }

  async create(): Promise<BlobWriter> {
    const id = randomHex(this.#entropy, 16);
    const file = await this.#native.run(() => open(this.#path(id), 'wx', 0o600));
    return new BlobWriter({ id, file, native: this.#native, remove: () => this.remove([id]) });
  }

  /** The same bytes under a new id, without copying them. */
  link(blob: Blob): Blob {
    const id = randomHex(this.#entropy, 16);
    linkSync(this.#path(blob.id), this.#path(id));
    return { id, size: blob.size };
  }

  /** Keeps the files of `content` until the returned function is called. Call it in the tick of the look-up. */
  pin(content: Content): () => void {
    const ids = idsOf(content);
    for (const id of ids) this.#pins.set(id, (this.#pins.get(id) ?? 0) + 1);
    let isPinned = true;
    return () => {
      if (isPinned) for (const id of ids) this.#unpin(id);
      isPinned = false;
    };
  }

  /** Bytes `start` to `end` (exclusive). The content must be pinned. */
  async *read(content: Content, start: number, end: number): AsyncGenerator<Buffer> {
    if (content.kind === 'inline') {
      yield Buffer.from(content.bytes.buffer, content.bytes.byteOffset, content.bytes.byteLength).subarray(start, end);
      return;
    }
    let offset = 0;
    for (const blob of content.blobs) {
      const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, blob.size)];
      if (from < to) yield* this.#readBlob(blob.id, from, to);
      offset += blob.size;
    }
  }

  /** Removes the files now, or when their last reader is done. */
  remove(ids: readonly string[]): void {
    for (const id of ids) {
      if (this.#pins.has(id)) this.#doomed.add(id);
      else this.#unlink(id);
    }
  }

  /** Removes what an earlier process left unreferenced. */
  sweep(isReferenced: (id: string) => boolean): void {
    for (const id of readdirSync(this.#directory)) if (!isReferenced(id)) this.#unlink(id);
  }

  #unpin(id: string): void {
    const pins = (this.#pins.get(id) ?? 0) - 1;
    if (pins > 0) return void this.#pins.set(id, pins);
    this.#pins.delete(id);
    if (this.#doomed.delete(id)) this.#unlink(id);
  }

  #unlink(id: string): void {
    try {
      unlinkSync(this.#path(id));
    } catch (error) {
      // Gone already is what was wanted.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  async *#readBlob(id: string, start: number, end: number): AsyncGenerator<Buffer> {
    const file = await this.#native.run(() => open(this.#path(id), 'r'));
    try {
      for (let position = start; position < end;) {
        const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - position));
        const { bytesRead } = await this.#native.run(() => file.read(buffer, 0, buffer.length, position));
        if (bytesRead === 0) throw new Error(`A stored file is shorter than the index says: ${id}`);
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await this.#native.run(() => file.close());
    }
  }

  #path(id: string): string {
    return path.join(this.#directory, id);
  }
}

/** Writes one blob: chunks are gathered into batches, one batch is being written while the next one fills. */
export class BlobWriter {
  readonly id: string;
  readonly #file: FileHandle;
  readonly #native: Native;
  readonly #remove: () => void;
  #batch: Buffer[] = [];
  #batchBytes = 0;
  #size = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: { id: string; file: FileHandle; native: Native; remove: () => void }) {
    this.id = options.id;
    this.#file = options.file;
    this.#native = options.native;
    this.#remove = options.remove;
  }

  /** Resolves at once, or when there is room again. */
  async write(chunk: Buffer): Promise<void> {
    this.#batch.push(chunk);
    this.#batchBytes += chunk.length;
    this.#size += chunk.length;
    if (this.#batchBytes >= WRITE_BATCH_BYTES) await this.#flush();
  }

  async finish(): Promise<Blob> {
    await this.#flush();
    await this.#writing;
    await this.#native.run(() => this.#file.close());
    return { id: this.id, size: this.#size };
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    // The first failure was reported by write or finish; here only the file matters.
    await this.#writing.catch(() => undefined);
    await this.#native.run(() => this.#file.close()).catch(() => undefined);
    this.#remove();
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const batch = this.#batch;
    if (batch.length === 0) return;
    [this.#batch, this.#batchBytes] = [[], 0];
    this.#writing = this.#native.run(() => this.#writeAll(batch));
    // Awaited by the next flush or by discard: a failure in between must not count as unhandled.
    this.#writing.catch(() => undefined);
  }

  /** `writev` may write less than asked for, on a full disk for one. */
  async #writeAll(batch: Buffer[]): Promise<void> {
    let rest = batch;
    while (rest.length > 0) {
      let { bytesWritten } = await this.#file.writev(rest);
      rest = rest.flatMap((chunk) => {
        const skipped = Math.min(chunk.length, bytesWritten);
        bytesWritten -= skipped;
        return skipped === chunk.length ? [] : [chunk.subarray(skipped)];
      });
    }
  }
}

export function idsOf(content: Content): readonly string[] {
  return content.kind === 'inline' ? [] : content.blobs.map((blob) => blob.id);
}

export function sizeOf(content: Content): number {
  return content.kind === 'inline' ? content.bytes.length : content.blobs.reduce((sum, blob) => sum + blob.size, 0);
}
