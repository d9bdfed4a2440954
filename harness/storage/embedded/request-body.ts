import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from './authenticate.ts';
import type { BodyClaims, BodySink, TakenBody } from './body-intake.ts';
import { memorySink, takeBody } from './body-intake.ts';
import type { Checksum, ChecksumAlgorithm } from './checksums.ts';
import { algorithmOfHeader, parseChecksum, parseChecksumAlgorithm } from './checksums.ts';
import { S3Error } from './errors.ts';
import { decodeChunks } from './streaming-body.ts';

/** The body of one request, not read until an operation asks for it. */
export class RequestBody {
  readonly #request: IncomingMessage;
  readonly #identity: Identity;
  readonly #sayContinue: () => void;

  constructor(request: IncomingMessage, response: ServerResponse, identity: Identity, expectsContinue: boolean) {
    this.#request = request;
    this.#identity = identity;
    this.#sayContinue = () => {
      if (expectsContinue) response.writeContinue();
    };
  }

  /** Bytes of the body as it will be stored. @throws S3Error MissingContentLength, EntityTooLarge */
  size(limit: number, tooLarge: 'EntityTooLarge' | 'MaxMessageLengthExceeded' = 'EntityTooLarge'): number {
    const isChunked = this.#identity.payload.kind === 'chunked';
    const header = this.#request.headers[isChunked ? 'x-amz-decoded-content-length' : 'content-length'];
    if (header === undefined) throw new S3Error('MissingContentLength');
    const size = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN;
    if (Number.isNaN(size)) throw new S3Error('InvalidArgument', 'The content length is not a number.');
    if (size > limit) {
      throw new S3Error(tooLarge, undefined, {
        facts: { ProposedSize: header as string, MaxSizeAllowed: String(limit) },
      });
    }
    return size;
  }

  /** Streams the body into the sink, checked. */
  async into<Result>(sink: BodySink<Result>, limit: number, wanted?: ChecksumAlgorithm): Promise<TakenBody<Result>> {
    return this.#take(sink, { ...this.#claims(this.size(limit)), wanted });
  }

  async #take<Result>(sink: BodySink<Result>, claims: BodyClaims): Promise<TakenBody<Result>> {
    this.#sayContinue();
    let trailer: ReadonlyMap<string, string> = new Map();
    const source = this.#decoded((headers) => (trailer = headers));
    return takeBody(clientErrors(source), () => trailer, claims, sink);
  }

  /**
   * A small document; no body at all counts as empty.
   * `about: 'object'`: the x-amz-checksum headers speak of the object that comes of it, not of these bytes.
   */
  async document(limit: number, about: 'body' | 'object' = 'body'): Promise<string> {
    if (
      this.#request.headers['content-length'] === undefined &&
      this.#request.headers['transfer-encoding'] === undefined
    )
      return '';
    const size = this.size(limit, 'MaxMessageLengthExceeded');
    const { result } = await this.#take(memorySink(), this.#claims(size, about));
    return result.toString('utf8');
  }

  /** Operations without a body take none: bytes that nobody reads would be ignored silently. */
  refuseAny(): void {
    const length = this.#request.headers['content-length'] ?? '0';
    if (length !== '0' || this.#request.headers['transfer-encoding'] !== undefined) {
      throw new S3Error('InvalidRequest', 'This operation takes no request body.');
    }
  }

  /** Whether the sender vouches for the bytes with Content-MD5 or a checksum, as some operations demand. */
  isVouchedFor(): boolean {
    const claims = this.#claims(0);
    return claims.md5 !== undefined || claims.checksum !== undefined || claims.trailerAlgorithm !== undefined;
  }

  #claims(size: number, about: 'body' | 'object' = 'body'): BodyClaims {
    const { payload } = this.#identity;
    const md5 = this.#request.headers['content-md5'] as string | undefined;
    if (md5 !== undefined && (Buffer.from(md5, 'base64').length !== 16 || md5.length !== 24))
      throw new S3Error('InvalidDigest');
    const checksum = about === 'body' ? headerChecksum(this.#request) : undefined;
    const trailerAlgorithm = announcedTrailer(this.#request, payload.kind === 'chunked' && payload.hasTrailer);
    if (checksum && trailerAlgorithm) throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header.');
    const named = this.#request.headers['x-amz-sdk-checksum-algorithm'];
    const sent = checksum?.algorithm ?? trailerAlgorithm;
    if (typeof named === 'string' && parseChecksumAlgorithm(named) !== sent) {
      throw new S3Error(
        'InvalidRequest',
        'x-amz-sdk-checksum-algorithm was sent without the x-amz-checksum- header or trailer it names.',
      );
    }
    return { size, sha256: payload.kind === 'hashed' ? payload.sha256 : undefined, md5, checksum, trailerAlgorithm };
  }

  #decoded(onTrailer: (headers: ReadonlyMap<string, string>) => void): AsyncIterable<Buffer> {
    const { payload, chunkSigner } = this.#identity;
    if (payload.kind !== 'chunked') return this.#request;
    const signer = payload.isSigned ? chunkSigner() : undefined;
    return decodeChunks(this.#request, { signer, hasTrailer: payload.hasTrailer, onTrailer });
  }
}

/** A client that went away is its own doing, not an internal error. */
async function* clientErrors(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (error) {
    if (error instanceof S3Error) throw error;
    throw new S3Error('IncompleteBody', 'The request body ended early.');
  }
}

function headerChecksum(request: IncomingMessage): Checksum | undefined {
  const found = Object.entries(request.headers).flatMap(([name, value]) => {
    const algorithm = algorithmOfHeader(name);
    return algorithm ? [parseChecksum(algorithm, String(value))] : [];
  });
  if (found.length > 1) throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header.');
  return found[0];
}

function announcedTrailer(request: IncomingMessage, isAllowed: boolean): ChecksumAlgorithm | undefined {
  const header = request.headers['x-amz-trailer'];
  if (header === undefined) return undefined;
  const algorithm = algorithmOfHeader(String(header));
  if (!isAllowed || !algorithm) {
    throw new S3Error('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported.');
  }
  return algorithm;
}
