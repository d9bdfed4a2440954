import type { FastifyReply } from 'fastify';
import { nameWithExtension, typeByName } from '../files/content-type.ts';
import type { OpenedFile } from '../files/opened-file.ts';

/** No space and no quotes: ocean.js parses `attachment;filename=(.+)`. */
export function attachment(filename: string): string {
  return `attachment;filename=${filename}`;
}

/**
 * Name and type of a file, each from the other where its host says only one: so the classic Provider has it, and a saved
 * file opens with what belongs to it.
 */
export function describeFile(filename: string, contentType: string | undefined): { name: string; type: string } {
  const type = contentType ?? typeByName(filename) ?? 'application/octet-stream';
  return { name: nameWithExtension(filename, contentType), type };
}

/** Streams a file's bytes; nothing of it is held. A source that breaks off cuts the connection, so that nobody takes a part for the whole. */
export function sendFile(reply: FastifyReply, file: OpenedFile, filename: string | undefined): FastifyReply {
  reply.code(file.status).header('accept-ranges', 'bytes');
  const { name, type } = describeFile(filename ?? '', file.contentType);
  if (filename !== undefined) reply.header('content-disposition', attachment(name));
  if (file.contentLength !== undefined) reply.header('content-length', file.contentLength);
  if (file.contentRange !== undefined) reply.header('content-range', file.contentRange);
  return reply.type(type).send(file.body);
}
