import { createHash } from 'node:crypto';
import { S3Error } from './errors.ts';
import type { ChunkSigner } from './sigv4.ts';

/** The real service's smallest chunk, the last one excepted. */
const SMALLEST_CHUNK = 8192;
const LONGEST_LINE = 1024;
const MOST_TRAILER_LINES = 16;
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

export interface ChunkedFormat {
  /** Present when every chunk carries its signature. */
  readonly signer: ChunkSigner | undefined;
  readonly hasTrailer: boolean;
  /** Receives the trailer's headers, lower-case, once the body is through. */
  readonly onTrailer: (headers: ReadonlyMap<string, string>) => void;
}

/**
 * Takes the framing of `aws-chunked` off a body: `size[;chunk-signature=…]CRLF data CRLF … 0[;…]CRLF trailer CRLF`.
 * Data is passed on before its chunk's signature is checked, so nothing may be kept unless the whole body came through.
 * @throws S3Error IncompleteBody, InvalidChunkSizeError, InvalidRequest, SignatureDoesNotMatch
 */
export async function* decodeChunks(source: AsyncIterable<Buffer>, format: ChunkedFormat): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source);
  let isPreviousSmall = false;
  for (;;) {
    const { size, signature } = parseChunkHeader(await reader.line(), format.signer !== undefined);
    if (size > 0 && isPreviousSmall) throw new S3Error('InvalidChunkSizeError');
    isPreviousSmall = size < SMALLEST_CHUNK;
    const hash = format.signer ? createHash('sha256') : undefined;
    for await (const piece of reader.take(size)) {
      hash?.update(piece);
      yield piece;
    }
    if (format.signer && hash && format.signer.chunk(hash.digest('hex')) !== signature) {
      throw new S3Error('SignatureDoesNotMatch', 'The signature of a chunk does not match.');
    }
    if (size === 0) break;
    if ((await reader.line()) !== '') throw new S3Error('IncompleteBody');
  }
  format.onTrailer(format.hasTrailer ? await readTrailer(reader, format.signer) : new Map());
  await reader.end();
}

function parseChunkHeader(line: string, isSigned: boolean): { size: number; signature: string | undefined } {
  const parts = /^([0-9a-f]{1,10})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line);
  if (!parts || (parts[2] !== undefined) !== isSigned)
    throw new S3Error('InvalidRequest', 'A chunk header is malformed.');
  return { size: Number.parseInt(parts[1] ?? '', 16), signature: parts[2] };
}

async function readTrailer(reader: ByteReader, signer: ChunkSigner | undefined): Promise<ReadonlyMap<string, string>> {
  const headers = new Map<string, string>();
  let signature: string | undefined;
  let signedLines = '';
  for (let count = 0; ; count++) {
    const line = await reader.line();
    if (line === '') break;
    const colon = line.indexOf(':');
    if (colon < 1 || count >= MOST_TRAILER_LINES) throw new S3Error('InvalidRequest', 'The trailer is malformed.');
    const [name, value] = [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    if (name === TRAILER_SIGNATURE) {
      signature = value;
      continue;
    }
    headers.set(name, value);
    signedLines += `${name}:${value}\n`;
  }
  if (signer && signer.trailer(signedLines) !== signature) {
    throw new S3Error('SignatureDoesNotMatch', 'The signature of the trailer does not match.');
  }
  return headers;
}

/** Reads lines and counted bytes from a stream without ever holding more than a line and what the stream gave last. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Up to CRLF, which is taken off. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf('\r\n');
      if (end !== -1 && end <= LONGEST_LINE) {
        const line = this.#rest.toString('latin1', 0, end);
        this.#rest = this.#rest.subarray(end + 2);
        return line;
      }
      if (this.#rest.length > LONGEST_LINE)
        throw new S3Error('InvalidRequest', 'A line of the chunked body is too long.');
      const next = await this.#next();
      this.#rest = this.#rest.length === 0 ? next : Buffer.concat([this.#rest, next]);
    }
  }

  async *take(size: number): AsyncGenerator<Buffer> {
    let missing = size;
    while (missing > 0) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  }

  /** Nothing but a closing CRLF may be left: without a trailer the last chunk has an empty line of its own. */
  async end(): Promise<void> {
    for (;;) {
      if (this.#rest.length > 2) throw new S3Error('IncompleteBody');
      const next = await this.#source.next();
      if (next.done === true) break;
      this.#rest = Buffer.concat([this.#rest, next.value]);
    }
    const rest = this.#rest.toString('latin1');
    if (rest !== '' && rest !== '\r\n') throw new S3Error('IncompleteBody');
  }

  async #next(): Promise<Buffer> {
    const next = await this.#source.next();
    if (next.done === true) throw new S3Error('IncompleteBody');
    return next.value;
  }
}
