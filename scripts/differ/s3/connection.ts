import { assert } from '../../../core/errors.ts';
import type { Clock } from '../../../core/clock.ts';
import type { RawAnswer, RawRequest, Signer } from '../../../harness/storage/signed-request.ts';
import { frameChunks, presign, send, sendSigned, signRequest, xmlOf } from '../../../harness/storage/signed-request.ts';
import { bytesOf, crc32Base64 } from './choices.ts';
import type { HeaderFlaw, S3Body, S3Step } from './step.ts';

const strict = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
const MINUTE_MS = 60_000;
/** More than that is sent once the server wants it. */
const MOST_UNASKED_BYTES = 32 * 1024;
/** Their ETag is in the document, and with some servers in a header as well. */
const IN_DOCUMENT = new Set(['CopyObject', 'UploadPartCopy', 'CompleteMultipartUpload']);
const CHUNK_BYTES = 65_536;

/** One server as one sequence sees it: its buckets, and what its answers said so far. */
export class S3Connection {
  readonly #signer: Signer;
  readonly #clock: Clock;
  /** By reference, without its braces. */
  readonly #known = new Map<string, string>();

  /** @param bucket the sequence's own name; its second bucket has `2` behind it */
  constructor(signer: Signer, clock: Clock, bucket: string) {
    this.#signer = signer;
    this.#clock = clock;
    this.#known.set('bucket', bucket).set('other', `${bucket}2`);
  }

  async send(step: S3Step): Promise<RawAnswer> {
    const answer = await this.#dispatch(step);
    this.#learn(step, answer);
    return answer;
  }

  /** Fills the references of a text. */
  filled(text: string): string {
    return text.replace(/\{([a-z-]+(?::[^}]*)?)\}/gu, (_all, name: string) => this.#known.get(name) ?? 'none-so-far');
  }

  #dispatch(step: S3Step): Promise<RawAnswer> {
    const raw = this.#rawOf(step);
    const { signing } = step;
    switch (signing.form) {
      case 'none':
        return send(this.#signer.endpoint, raw, raw.headers);
      case 'presigned': {
        const nowMs = raw.nowMs - signing.ageSeconds * 1000;
        const { expiresSeconds, method = step.method } = signing;
        return send(this.#signer.endpoint, {
          ...raw,
          path: presign(this.#signer, { method, path: raw.path, nowMs, expiresSeconds }),
        });
      }
      case 'chunks':
        return this.#sendChunks(raw, signing);
      case 'header':
        return signing.flaw === undefined ? sendSigned(this.#signer, raw) : this.#sendFlawed(raw, signing.flaw);
    }
  }

  #sendFlawed(raw: RawRequest, flaw: HeaderFlaw): Promise<RawAnswer> {
    const signer = this.#signer;
    switch (flaw) {
      case 'secret':
        return sendSigned({ ...signer, secretKey: 'not-the-secret-key' }, raw);
      case 'access-key':
        return sendSigned({ ...signer, accessKey: 'NOBODYKNOWSIT' }, raw);
      case 'region':
        return sendSigned({ ...signer, region: 'eu-nowhere-1' }, raw);
      case 'late':
        return sendSigned(signer, { ...raw, nowMs: raw.nowMs - 20 * MINUTE_MS });
      case 'early':
        return sendSigned(signer, { ...raw, nowMs: raw.nowMs + 20 * MINUTE_MS });
      case 'changed-path':
        return send(signer.endpoint, raw, signRequest(signer, { ...raw, path: `${raw.path}x` }).headers);
      case 'payload-hash':
        return sendSigned(signer, { ...raw, payloadHash: '0'.repeat(64) });
    }
  }

  #sendChunks(raw: RawRequest, signing: Extract<S3Step['signing'], { form: 'chunks' }>): Promise<RawAnswer> {
    const whole = Buffer.from(raw.body ?? '');
    const checksum = signing.trailer === 'wrong' ? 'AAAAAA==' : crc32Base64(whole);
    const trailer = signing.trailer === undefined ? undefined : (['x-amz-checksum-crc32', checksum] as const);
    const headers = {
      ...raw.headers,
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(whole.length),
      ...(trailer ? { 'x-amz-trailer': trailer[0] } : {}),
    };
    const signed = signRequest(this.#signer, { ...raw, headers, payloadHash: signing.payload });
    const chunks: Buffer[] = [];
    for (let at = 0; at < whole.length; at += CHUNK_BYTES) chunks.push(whole.subarray(at, at + CHUNK_BYTES));
    const framed = frameChunks(chunks, signing.payload.startsWith('STREAMING-AWS4') ? signed : undefined, trailer);
    // Of the first chunk's content, behind its head.
    const place = framed.indexOf('\r\n') + 2;
    if (signing.tampered) framed[place] = (framed[place] ?? 0) ^ 1;
    return send(this.#signer.endpoint, { ...raw, body: framed }, signed.headers);
  }

  #rawOf(step: S3Step): RawRequest & { headers: Record<string, string> } {
    const bucket = step.bucket === undefined ? '' : this.filled(step.bucket);
    const key = step.key === undefined ? '' : `/${strict(step.key).replaceAll('%2F', '/')}`;
    const query = step.query.map(([name, value]) => `${name}=${strict(this.filled(value))}`).join('&');
    const body = this.#bodyOf(step.body);
    const headers = Object.entries(step.headers).map(([name, value]) => [name, this.filled(value)] as const);
    if (body.length > MOST_UNASKED_BYTES) headers.push(['expect', '100-continue']);
    return {
      method: step.method,
      path: `/${bucket}${key}${query === '' ? '' : `?${query}`}`,
      headers: Object.fromEntries(headers),
      body,
      nowMs: this.#clock.now(),
    };
  }

  #bodyOf(body: S3Body | undefined): Buffer {
    if (body === undefined) return Buffer.alloc(0);
    return body.form === 'filler' ? bytesOf(body) : Buffer.from(this.filled(body.text));
  }

  #learn(step: S3Step, answer: RawAnswer): void {
    if (answer.status >= 300) return;
    const { etag } = answer.headers;
    if (etag !== undefined && step.key !== undefined && !IN_DOCUMENT.has(step.operation)) {
      const part = step.query.find(([name]) => name === 'partNumber')?.[1];
      this.#known.set(part === undefined ? `etag:${step.key}` : `part:${part}`, etag);
    }
    if (!String(answer.headers['content-type']).includes('xml') || step.operation === 'GetObject') return;
    const [root] = Object.values(xmlOf(answer));
    if (typeof root !== 'object' || root === null) return;
    const found = root as Readonly<Record<string, unknown>>;
    const remember = (name: string, value: unknown): void =>
      void (typeof value === 'string' && this.#known.set(name, value));
    if (step.operation === 'CopyObject' || step.operation === 'CompleteMultipartUpload')
      remember(`etag:${step.key ?? ''}`, found['ETag']);
    const of = (name: string): string => step.query.find(([each]) => each === name)?.[1] ?? '';
    const listing = `${of('prefix')}|${of('delimiter')}`;
    remember(`continuation-token:${listing}`, found['NextContinuationToken']);
    remember(`marker:${listing}`, found['NextMarker'] ?? lastKeyOf(found['Contents']));
    if (step.operation === 'CreateMultipartUpload') {
      for (const number of ['1', '2', '3', '10000']) this.#known.delete(`part:${number}`);
      remember('upload', found['UploadId']);
    }
    if (step.operation === 'UploadPartCopy') {
      const part = step.query.find(([name]) => name === 'partNumber')?.[1];
      assert(part !== undefined, 'a part has a number');
      remember(`part:${part}`, found['ETag']);
    }
  }
}

/** Without a delimiter the last key is the next marker. */
function lastKeyOf(contents: unknown): unknown {
  const last = [contents].flat().at(-1) as { readonly Key?: unknown } | undefined;
  return last?.Key;
}
