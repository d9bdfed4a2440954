import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './errors.ts';
import type { Target } from './target.ts';
import { Query } from './target.ts';

/** Parts of the signature itself. */
const OF_SIGNATURE = /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|content-sha256)$/;
/**
 * The real service takes these from headers alone and does not look at them in a URL: SDKs sign the checksum of an empty body into the
 * URL of an upload, since they do not know the body yet.
 */
const HEADER_ALONE = /^x-amz-(checksum-(mode|crc32c?|crc64nvme|sha1|sha256)|sdk-checksum-algorithm)$/;
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * SDKs move `x-amz-` headers into the query of a presigned URL, in lower case or capitalized. Here they become headers again, where all
 * later stages look for them; the target comes back without them.
 * @throws S3Error InvalidArgument for one that is given twice, or is no header
 */
export function withPresignedHeaders(headers: IncomingHttpHeaders, target: Target): Target {
  if (!target.query.has('X-Amz-Signature')) return target;
  const isMoved = (name: string): boolean => /^x-amz-/i.test(name) && !OF_SIGNATURE.test(name.toLowerCase());
  for (const [sent, value] of target.query.entries.filter(([name]) => isMoved(name))) {
    const name = sent.toLowerCase();
    if (HEADER_ALONE.test(name)) continue;
    if (headers[name] !== undefined) throw invalid(sent, 'is given twice');
    headers[name] = headerValue(sent, value);
  }
  return { ...target, query: new Query(target.query.entries.filter(([name]) => !isMoved(name))) };
}

/** As Node gives the values of headers that were sent: their bytes as latin1 text. */
function headerValue(name: string, value: string): string {
  const bytes = Buffer.from(value).toString('latin1');
  if (!HEADER_NAME.test(name) || !/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(bytes)) throw invalid(name, 'is no header');
  return bytes.replace(/^[ \t]+|[ \t]+$/g, '');
}

function invalid(name: string, what: string): S3Error {
  return new S3Error('InvalidArgument', `The query parameter ${name} ${what}.`, { facts: { ArgumentName: name } });
}
