import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../../core/errors.ts';
import type { Logger } from '../../../core/log.ts';
import { S3Error } from './errors.ts';
import type { Answer } from './operation.ts';
import { renderXml } from './xml.ts';

/** How much of a refused body is read and thrown away, so that the client gets to read the refusal, before it is cut off. */
const MOST_DRAINED_BYTES = 16 * 1024 * 1024;

/** Writes an answer; a stream that fails midway cuts the connection, which is the only way left to say so. */
export async function sendAnswer(response: ServerResponse, answer: Answer, isHead: boolean): Promise<void> {
  const { stream, xml } = answer;
  try {
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
    response.statusCode = answer.status;
    if (xml !== undefined) response.setHeader('content-type', 'application/xml');
    if (stream) return await pipeline(stream.bytes, response);
    const body = Buffer.from(xml ?? '');
    const hasNoBody = isHead || answer.status === 204 || answer.status === 304;
    if (!hasNoBody) response.setHeader('content-length', body.length);
    response.end(hasNoBody ? undefined : body);
  } finally {
    stream?.release();
  }
}

/** The error document of the real service; HEAD has none. */
export async function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  context: { requestId: string; log: Logger },
): Promise<void> {
  const { requestId, log } = context;
  if (response.headersSent || response.destroyed) {
    log.debug('s3 answer cut short', { requestId, reason: messageOf(error) });
    response.destroy();
    return;
  }
  const refusal = error instanceof S3Error ? error : new S3Error('InternalError');
  if (refusal === error) log.debug('s3 request refused', { requestId, code: refusal.code, reason: refusal.message });
  else log.error('s3 request failed', { requestId, error });
  const resource = (request.url ?? '').split('?', 1)[0] ?? '';
  const tree = {
    Code: refusal.code,
    Message: refusal.message,
    ...refusal.facts,
    Resource: resource,
    RequestId: requestId,
    HostId: 'wavetank',
  };
  drain(request, response);
  await sendAnswer(
    response,
    { status: refusal.status, headers: refusal.headers, xml: renderXml('Error', tree) },
    request.method === 'HEAD',
  );
}

/** A client reads no answer while it is still sending. */
function drain(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  response.setHeader('connection', 'close');
  let drained = 0;
  request.on('data', (chunk: Buffer) => {
    drained += chunk.length;
    if (drained > MOST_DRAINED_BYTES) request.destroy();
  });
  request.on('error', () => undefined);
  request.resume();
}
