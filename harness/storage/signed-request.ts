import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { XMLParser } from 'fast-xml-parser';

/**
 * Signature version 4 by hand, for requests that no client library makes. Deliberately not the embedded server's own
 * code: a mistake shared by both sides would be invisible.
 */

export interface Signer {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface RawRequest {
  readonly method?: string;
  /** Encoded as it shall go over the wire, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Default: the hash of the body. */
  readonly payloadHash?: string;
  readonly nowMs: number;
  /** Header names that are sent but not signed. */
  readonly unsigned?: readonly string[];
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Signed {
  readonly headers: Record<string, string>;
  readonly key: Buffer;
  readonly signature: string;
  readonly amzDate: string;
  readonly scope: string;
}

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
const strict = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

export function amzDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

export function keyFor(signer: Signer, date: string): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${signer.secretKey}`, date), signer.region), 's3'), 'aws4_request');
}

export function signRequest(signer: Signer, raw: RawRequest): Signed {
  const date = amzDate(raw.nowMs);
  const scope = `${date.slice(0, 8)}/${signer.region}/s3/aws4_request`;
  const headers: Record<string, string> = {
    host: new URL(signer.endpoint).host,
    'x-amz-date': date,
    'x-amz-content-sha256': raw.payloadHash ?? sha256(raw.body ?? ''),
    ...raw.headers,
  };
  const names = Object.keys(headers)
    .filter((name) => !raw.unsigned?.includes(name))
    .toSorted();
  const [path = '', query = ''] = raw.path.split('?', 2);
  const canonical = [
    raw.method ?? 'GET',
    strict(decodeURIComponent(path)).replaceAll('%2F', '/'),
    query
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
      .toSorted()
      .join('&'),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  const key = keyFor(signer, date.slice(0, 8));
  const signature = hmac(
    key,
    `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(Buffer.from(canonical, 'latin1'))}`,
  ).toString('hex');
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${signer.accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { headers, key, signature, amzDate: date, scope };
}

/** A presigned URL's path and query. */
export function presign(
  signer: Signer,
  options: {
    method?: string;
    path: string;
    nowMs: number;
    expiresSeconds: number;
    query?: Readonly<Record<string, string>>;
  },
): string {
  const date = amzDate(options.nowMs);
  const scope = `${date.slice(0, 8)}/${signer.region}/s3/aws4_request`;
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${strict(`${signer.accessKey}/${scope}`)}`,
    `X-Amz-Date=${date}`,
    `X-Amz-Expires=${options.expiresSeconds}`,
    'X-Amz-SignedHeaders=host',
    ...Object.entries(options.query ?? {}).map(([name, value]) => `${strict(name)}=${strict(value)}`),
  ]
    .toSorted()
    .join('&');
  const host = new URL(signer.endpoint).host;
  const canonical = [options.method ?? 'GET', options.path, query, `host:${host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join(
    '\n',
  );
  const signature = hmac(keyFor(signer, date.slice(0, 8)), `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`);
  return `${options.path}?${query}&X-Amz-Signature=${signature.toString('hex')}`;
}

/** Frames a body as aws-chunked; every chunk signed unless `signed` is undefined. */
export function frameChunks(
  chunks: readonly Buffer[],
  signed: Signed | undefined,
  trailer?: readonly [string, string],
): Buffer {
  let previous = signed?.signature ?? '';
  const next = (algorithm: string, hashes: string): string => {
    if (!signed) return '';
    previous = hmac(signed.key, `${algorithm}\n${signed.amzDate}\n${signed.scope}\n${previous}\n${hashes}`).toString(
      'hex',
    );
    return previous;
  };
  const pieces: (Buffer | string)[] = [];
  for (const chunk of [...chunks, Buffer.alloc(0)]) {
    const signature = next('AWS4-HMAC-SHA256-PAYLOAD', `${sha256('')}\n${sha256(chunk)}`);
    pieces.push(`${chunk.length.toString(16)}${signed ? `;chunk-signature=${signature}` : ''}\r\n`, chunk);
    if (chunk.length > 0) pieces.push('\r\n');
  }
  if (trailer) {
    pieces.push(`${trailer[0]}:${trailer[1]}\r\n`);
    const signature = next('AWS4-HMAC-SHA256-TRAILER', sha256(`${trailer[0]}:${trailer[1]}\n`));
    if (signed) pieces.push(`x-amz-trailer-signature:${signature}\r\n`);
  }
  pieces.push('\r\n');
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
}

/** Sends a request as it is: no path is normalised, no header added but the length. */
export function send(
  endpoint: string,
  raw: Pick<RawRequest, 'method' | 'path' | 'body'>,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(endpoint);
  const body = Buffer.from(raw.body ?? '');
  return new Promise((resolve, reject) => {
    const outgoing = request({
      hostname,
      port,
      method: raw.method ?? 'GET',
      path: raw.path,
      headers: { 'content-length': body.length, ...headers },
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        outgoing.destroy();
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) });
      });
    });
    // With `Expect: 100-continue` a server refuses before the body is on its way, and nothing is cut off.
    if (headers['expect'] === undefined) return void outgoing.end(body);
    outgoing.on('continue', () => outgoing.end(body));
    outgoing.flushHeaders();
  });
}

export function sendSigned(signer: Signer, raw: RawRequest): Promise<RawAnswer> {
  return send(signer.endpoint, raw, signRequest(signer, raw).headers);
}

/** The XML of an answer as plain objects, all values text. */
export function xmlOf(answer: RawAnswer): Record<string, unknown> {
  const parser = new XMLParser({
    ignoreDeclaration: true,
    ignoreAttributes: true,
    parseTagValue: false,
    trimValues: false,
    // Numeric references among them: MinIO writes quotes so.
    htmlEntities: true,
  });
  return parser.parse(answer.body.toString('utf8')) as Record<string, unknown>;
}

/** Status and S3's own code of a refusal. */
export function refusalOf(answer: RawAnswer): { status: number; code: unknown } {
  const error = xmlOf(answer)['Error'] as { Code?: unknown } | undefined;
  return { status: answer.status, code: error?.Code };
}
