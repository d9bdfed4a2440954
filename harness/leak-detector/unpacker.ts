import { createBrotliDecompress, createInflateRaw, createZstdDecompress, constants } from 'node:zlib';

export type PackedKind = 'gzip' | 'zlib' | 'zip' | 'deflate' | 'brotli' | 'zstd';

/** Small, since what a slice unpacked to is lost when the same slice ends in an error. */
const SLICE_BYTES = 4096;

export interface UnpackedSink {
  push(bytes: Buffer): Promise<void>;
  end(): Promise<void>;
}

/**
 * Unpacks a stream that may not be one, may be cut, or may be followed by anything. Checksums are not looked at: gzip, zlib and zip are read
 * as the raw deflate stream inside, so that a false checksum hides nothing.
 */
export class Unpacker {
  #stream;
  #sink: UnpackedSink;
  #skip: number;
  #done = false;
  #queue: Promise<void> = Promise.resolve();
  #closed: Promise<void>;

  /** @param skip bytes of a header before the packed data */
  constructor(kind: PackedKind, skip: number, sink: UnpackedSink) {
    this.#stream = openStream(kind);
    this.#skip = skip;
    this.#sink = sink;
    this.#stream.on('data', (bytes: Buffer) => {
      this.#queue = this.#queue.then(() => this.#sink.push(bytes));
    });
    this.#closed = new Promise((resolve) => {
      const finish = (): void => {
        this.#done = true;
        resolve();
      };
      this.#stream.once('end', finish);
      this.#stream.once('close', finish);
      // Not packed after all, or damaged: what came out before was scanned.
      this.#stream.on('error', finish);
    });
  }

  get done(): boolean {
    return this.#done;
  }

  async push(bytes: Buffer): Promise<void> {
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    for (let at = skipped; at < bytes.length && !this.#done; at += SLICE_BYTES) {
      const written = new Promise<void>((resolve) => {
        this.#stream.write(bytes.subarray(at, at + SLICE_BYTES), () => resolve());
      });
      await Promise.race([written, this.#closed]);
      await this.#queue;
    }
  }

  stop(): void {
    this.#done = true;
    this.#stream.destroy();
  }

  async end(): Promise<void> {
    if (!this.#done) this.#stream.end();
    await this.#closed;
    await this.#queue;
    this.#stream.destroy();
    await this.#sink.end();
  }
}

function openStream(kind: PackedKind): ReturnType<typeof createInflateRaw> | ReturnType<typeof createBrotliDecompress> {
  switch (kind) {
    case 'brotli':
      return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });
    case 'zstd':
      return createZstdDecompress({ finishFlush: constants.ZSTD_e_flush });
    case 'gzip':
    case 'zlib':
    case 'zip':
    case 'deflate':
      return createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  }
}
