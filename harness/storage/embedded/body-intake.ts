import { createHash } from 'node:crypto';
import type { BlobStore, BlobWriter, Content } from './blob-store.ts';
import { INLINE_BYTES } from './blob-store.ts';
import type { Checksum, ChecksumAlgorithm } from './checksums.ts';
import { createDigester, parseChecksum } from './checksums.ts';
import { S3Error } from './errors.ts';

/** Where the checked bytes of a body go. */
export interface BodySink<Result> {
  write(chunk: Buffer): Promise<void>;
  finish(): Promise<Result>;
  discard(): Promise<void>;
}

/** What the sender claims about a body; all of it is checked before anything is kept. */
export interface BodyClaims {
  readonly size: number;
  readonly sha256: string | undefined;
  /** Base64, from Content-MD5. */
  readonly md5: string | undefined;
  /** From a header; undefined together with an algorithm means that the trailer brings the value. */
  readonly checksum: Checksum | undefined;
  readonly trailerAlgorithm: ChecksumAlgorithm | undefined;
  /** Computed though the sender claims nothing, as for a part of an upload with checksums. */
  readonly wanted?: ChecksumAlgorithm | undefined;
}

export interface TakenBody<Result> {
  readonly result: Result;
  readonly size: number;
  readonly md5Hex: string;
  readonly checksum: Checksum | undefined;
}

/**
 * Streams a body into a sink and checks it on the way. Whatever fails, the sink is discarded and nothing is left.
 * @throws S3Error IncompleteBody, BadDigest, XAmzContentSHA256Mismatch
 */
export async function takeBody<Result>(
  source: AsyncIterable<Buffer>,
  trailer: () => ReadonlyMap<string, string>,
  claims: BodyClaims,
  sink: BodySink<Result>,
): Promise<TakenBody<Result>> {
  const algorithm = claims.checksum?.algorithm ?? claims.trailerAlgorithm ?? claims.wanted;
  const digester = algorithm && createDigester(algorithm);
  const md5 = createHash('md5');
  const sha256 = claims.sha256 === undefined ? undefined : createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > claims.size) throw new S3Error('IncompleteBody');
      md5.update(chunk);
      sha256?.update(chunk);
      digester?.update(chunk);
      await sink.write(chunk);
    }
    if (size !== claims.size) throw new S3Error('IncompleteBody');
    if (sha256 && sha256.digest('hex') !== claims.sha256) throw new S3Error('XAmzContentSHA256Mismatch');
    const md5Digest = md5.digest();
    if (claims.md5 !== undefined && md5Digest.toString('base64') !== claims.md5) throw new S3Error('BadDigest');
    const checksum = algorithm && digester && checkChecksum(algorithm, digester.digest(), claims, trailer());
    return { result: await sink.finish(), size, md5Hex: md5Digest.toString('hex'), checksum };
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

function checkChecksum(
  algorithm: ChecksumAlgorithm,
  digest: Buffer,
  claims: BodyClaims,
  trailer: ReadonlyMap<string, string>,
): Checksum {
  if (!claims.checksum && !claims.trailerAlgorithm) return { algorithm, value: digest.toString('base64') };
  const sent = claims.checksum ?? parseChecksum(algorithm, trailer.get(`x-amz-checksum-${algorithm}`) ?? '');
  if (digest.toString('base64') !== sent.value) {
    throw new S3Error(
      'BadDigest',
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  }
  return sent;
}

/** Keeps a small body in memory; at the first byte beyond `inlineBytes` it becomes a file. */
export function contentSink(blobs: BlobStore, inlineBytes = INLINE_BYTES): BodySink<Content> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let writer: BlobWriter | undefined;
  return {
    async write(chunk) {
      if (writer) return writer.write(chunk);
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes <= inlineBytes) return;
      writer = await blobs.create();
      for (const piece of held) await writer.write(piece);
      held = [];
    },
    async finish() {
      if (writer) return { kind: 'blobs', blobs: [await writer.finish()] };
      return { kind: 'inline', bytes: Buffer.concat(held) };
    },
    discard: async () => writer?.discard(),
  };
}

/** For the XML documents of requests. The caller bounds the size. */
export function memorySink(): BodySink<Buffer> {
  const held: Buffer[] = [];
  return {
    async write(chunk) {
      held.push(chunk);
    },
    finish: async () => Buffer.concat(held),
    discard: async () => undefined,
  };
}
