import type { FastifyReply } from 'fastify';
import type { OpenedFile } from '../files/opened-file.ts';

/** No space and no quotes: ocean.js parses `attachment;filename=(.+)`. */
export function attachment(filename: string): string {
  return `attachment;filename=${filename}`;
}

/** Streams a file's bytes; nothing of it is held. A source that breaks off cuts the connection, so that nobody takes a part for the whole. */
export function sendFile(reply: FastifyReply, file: OpenedFile, filename: string | undefined): FastifyReply {
  reply.code(file.status).header('accept-ranges', 'bytes');
  if (filename !== undefined) reply.header('content-disposition', attachment(filename));
  if (file.contentLength !== undefined) reply.header('content-length', file.contentLength);
  if (file.contentRange !== undefined) reply.header('content-range', file.contentRange);
  return reply.type(file.contentType ?? 'application/octet-stream').send(file.body);
}
