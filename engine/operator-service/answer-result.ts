import type { FastifyReply } from 'fastify';
import path from 'node:path';
import type { StoredResult } from '../api/workflow.ts';
import type { Archive, ByteRange } from '../archive/archive.ts';
import { OperatorRefusal } from './refusal.ts';

/** Streams a result, whole or one range of it. `filename` of the header is the last part of its path, safe for a header. */
export async function answerResult(
  archive: Archive,
  result: StoredResult,
  rangeHeader: string | undefined,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const range = parseRange(rangeHeader, result.filesize);
  const body = result.filesize === 0 ? '' : await archive.open(result.key, range);
  const length = range ? range.last - range.first + 1 : result.filesize;
  if (range) reply.code(206).header('content-range', `bytes ${range.first}-${range.last}/${result.filesize}`);
  return reply
    .header('content-type', 'application/octet-stream')
    .header('content-length', length)
    .header('accept-ranges', 'bytes')
    .header('etag', `"${result.sha256}"`)
    .header('content-disposition', `attachment;filename=${headerName(result.filename)}`)
    .send(body);
}

/** Clients read `/attachment;filename=(.+)/`, so no quotes and no encoding: what a header cannot carry becomes `_`. */
function headerName(filename: string): string {
  return path.posix.basename(filename).replaceAll(/[^\w.\- ()+,=@]/g, '_');
}

/**
 * One range as RFC 9110 has it; undefined asks for the whole (also for several ranges and for units that are not bytes).
 * @throws OperatorRefusal RANGE_NOT_SATISFIABLE
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [first, last] =
    match[1] === ''
      ? [Math.max(0, size - Number(match[2])), size - 1]
      : [Number(match[1]), match[2] === '' ? size - 1 : Number(match[2])];
  if (match[1] !== '' && match[2] !== '' && Number(match[2]) < Number(match[1])) return undefined;
  if (first >= size || (match[1] === '' && Number(match[2]) === 0))
    throw new OperatorRefusal(416, 'RANGE_NOT_SATISFIABLE', `The result has ${size} bytes.`, 'range');
  return { first, last: Math.min(last, size - 1) };
}
