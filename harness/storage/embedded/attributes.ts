import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './errors.ts';
import type { Attributes } from './object-index.ts';

/** Headers that are kept with an object and given back with it. */
const KEPT = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];
const METADATA = 'x-amz-meta-';
const DEFAULT_CONTENT_TYPE = 'binary/octet-stream';

/** @throws S3Error MetadataTooLarge */
export function readAttributes(headers: IncomingHttpHeaders, metadataBytes: number): Attributes {
  const kept: Record<string, string> = { 'content-type': DEFAULT_CONTENT_TYPE };
  for (const name of KEPT) {
    const value = name === 'content-encoding' ? withoutChunking(headers[name]) : headers[name];
    if (typeof value === 'string' && value !== '') kept[name] = value;
  }
  const metadata: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(METADATA)) continue;
    metadata[name.slice(METADATA.length)] = String(value);
    size += name.length - METADATA.length + Buffer.byteLength(String(value), 'latin1');
  }
  if (size > metadataBytes) {
    throw new S3Error('MetadataTooLarge', undefined, {
      facts: { Size: String(size), MaxSizeAllowed: String(metadataBytes) },
    });
  }
  return { headers: kept, metadata };
}

export function attributeHeaders(attributes: Attributes): Record<string, string> {
  const metadata = Object.entries(attributes.metadata).map(([name, value]) => [`${METADATA}${name}`, value]);
  return { ...attributes.headers, ...(Object.fromEntries(metadata) as Record<string, string>) };
}

/** `aws-chunked` describes the transfer and is no property of the object. */
function withoutChunking(value: string | undefined): string | undefined {
  const codings = value?.split(',').map((coding) => coding.trim());
  return codings?.filter((coding) => coding !== 'aws-chunked').join(',');
}
