import { describe, it } from 'vitest';
import { crc32 } from 'node:zlib';
import { systemClock } from '../../../core/clock.ts';
import type { ContractSubject } from './subject.ts';
import type { RawAnswer } from '../signed-request.ts';
import { frameChunks, refusalOf, send, sendSigned, signRequest } from '../signed-request.ts';

const SIGNED = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const CHUNKS = [Buffer.alloc(8192, 'a'), Buffer.alloc(70_000, 'b'), Buffer.from('c')];
const WHOLE = Buffer.concat(CHUNKS);

/** Bodies in signed chunks, and with trailers. */
export function describeStreamedBodies({ storage, freshBucket, capabilities }: ContractSubject): void {
  const { checksumMismatch } = capabilities.codes;
  interface Streamed {
    readonly bucket: string;
    readonly payload: string;
    readonly chunks?: readonly Buffer[];
    readonly trailer?: readonly [string, string];
    readonly decodedLength?: number;
    /** Changes the framed bytes before they are sent. */
    readonly tamper?: (framed: Buffer) => Buffer;
  }
  const put = ({
    bucket,
    payload,
    chunks = CHUNKS,
    trailer,
    decodedLength = WHOLE.length,
    tamper,
  }: Streamed): Promise<RawAnswer> => {
    const raw = { method: 'PUT', path: `/${bucket}/k`, payloadHash: payload, nowMs: systemClock.now() };
    const headers = {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(decodedLength),
      ...(trailer ? { 'x-amz-trailer': trailer[0] } : {}),
    };
    const signed = signRequest(storage(), { ...raw, headers });
    const framed = frameChunks(chunks, payload.startsWith(SIGNED) ? signed : undefined, trailer);
    return send(storage().endpoint, { ...raw, body: tamper ? tamper(framed) : framed }, signed.headers);
  };
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(WHOLE));
  const trailer = ['x-amz-checksum-crc32', checksum.toString('base64')] as const;
  const variants = [
    ['signed chunks', { payload: SIGNED }],
    ['signed chunks and trailer', { payload: `${SIGNED}-TRAILER`, trailer }],
    ['an unsigned body with a trailer', { payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', trailer }],
  ] as const;

  describe('streamed bodies', () => {
    for (const [what, variant] of variants) {
      it(`takes ${what} and stores the bytes without the framing`, async ({ expect }) => {
        const bucket = await freshBucket();
        expect((await put({ bucket, ...variant })).status).toBe(200);
        const got = await sendSigned(storage(), { path: `/${bucket}/k`, nowMs: systemClock.now() });
        expect(got.body.equals(WHOLE)).toBe(true);
        expect(got.headers['content-encoding']).toBeUndefined();
      });

      it(`refuses ${what} with a changed byte and keeps nothing`, async ({ expect }) => {
        const bucket = await freshBucket();
        const tamper = (framed: Buffer): Buffer => {
          framed[9000] = (framed[9000] ?? 0) ^ 1;
          return framed;
        };
        const code =
          variant.payload === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' ? checksumMismatch : 'SignatureDoesNotMatch';
        expect(refusalOf(await put({ bucket, ...variant, tamper })).code).toBe(code);
        const got = await sendSigned(storage(), { path: `/${bucket}/k`, nowMs: systemClock.now() });
        expect(refusalOf(got)).toEqual({ status: 404, code: 'NoSuchKey' });
      });
    }

    it('refuses a trailer whose checksum is of other bytes', async ({ expect }) => {
      const bucket = await freshBucket();
      const wrong = ['x-amz-checksum-crc32', 'AAAAAA=='] as const;
      for (const payload of [`${SIGNED}-TRAILER`, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER']) {
        expect(refusalOf(await put({ bucket, payload, trailer: wrong }))).toEqual({
          status: 400,
          code: checksumMismatch,
        });
      }
    });

    it('refuses a trailer that is right but not signed so', async ({ expect }) => {
      const bucket = await freshBucket();
      const tamper = (framed: Buffer): Buffer => {
        const at = framed.indexOf('x-amz-trailer-signature:') + 'x-amz-trailer-signature:'.length;
        framed.write('0'.repeat(64), at);
        return framed;
      };
      const answer = await put({ bucket, payload: `${SIGNED}-TRAILER`, trailer, tamper });
      expect(refusalOf(answer)).toEqual({ status: 403, code: 'SignatureDoesNotMatch' });
    });

    it('refuses a body shorter or longer than it was announced', async ({ expect }) => {
      const bucket = await freshBucket();
      for (const decodedLength of [WHOLE.length + 1, WHOLE.length - 1]) {
        expect(refusalOf(await put({ bucket, payload: SIGNED, decodedLength })).status).toBe(400);
      }
    });

    it('refuses small chunks before the last', async ({ expect, skip }) => {
      if (!capabilities.enforcesSmallestChunk) skip('this backend takes chunks of any size');
      const bucket = await freshBucket();
      const chunks = [Buffer.from('small'), Buffer.from('rest')];
      expect(refusalOf(await put({ bucket, payload: SIGNED, chunks, decodedLength: 9 }))).toEqual({
        status: 403,
        code: 'InvalidChunkSizeError',
      });
    });
  });
}
