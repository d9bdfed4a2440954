import type { IncomingMessage } from 'node:http';
import type { DocumentOptions, ParseOptions, SchemaOptions } from 'yaml';
import { parse as parseYaml } from 'yaml';
import { messageOf } from '../../../../core/errors.ts';
import { bodyTooLarge, unrecognized, unsupportedMediaType } from '../kube-status.ts';
import { parseProtobuf } from './protobuf.ts';

/** The real server's limit for a request body. */
const MOST_BYTES = 3 * 1024 * 1024;

const EMPTY = Buffer.alloc(0);
const PROTO = '__proto__';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
export const BODY_TYPES = ['application/json', 'application/yaml', PROTOBUF];

/** The media type without its parameters, in lower case; '' when absent. */
export function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** @throws KubeStatusError 413 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) throw bodyTooLarge(MOST_BYTES);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw bodyTooLarge(MOST_BYTES);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks);
}

/** As the real server reads YAML: words for true and false, and times that are texts. */
const YAML_OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.1',
  merge: false,
  customTags: (tags) =>
    tags.filter((tag) => (typeof tag === 'string' ? tag !== 'timestamp' : !tag.tag.endsWith(':timestamp'))),
};

/** A whole object, as JSON, YAML or (a few kinds) protobuf; undefined for an empty body. @throws KubeStatusError 400, 415 */
export function parseBody(body: Buffer, mediaType: string, kind: string): unknown {
  if (body.length === 0) return undefined;
  const text = body.toString('utf8');
  if (mediaType === PROTOBUF) return withoutProtoKey(parseProtobuf(body, kind, BODY_TYPES), kind, text);
  if (mediaType === '' || mediaType === 'application/json') return parseJson(text, kind);
  if (mediaType !== 'application/yaml') throw unsupportedMediaType(BODY_TYPES);
  let value: unknown;
  try {
    value = parseYaml(text, { ...YAML_OPTIONS, maxAliasCount: 100 }) as unknown;
  } catch (error) {
    throw unrecognized(kind, `couldn't get version/kind; yaml parse error: ${messageOf(error)}`, text);
  }
  return withoutProtoKey(value, kind, text);
}

export function parseJson(text: string, kind: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch (error) {
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${messageOf(error)}`, text);
  }
  return withoutProtoKey(value, kind, text);
}

/** A key of this name would be lost by plain assignment; no kind has such a field. @throws KubeStatusError 400 */
function withoutProtoKey(value: unknown, kind: string, text: string): unknown {
  // Only a text with the name, or with an escape that may stand for a part of it, is worth the walk.
  if (/__proto__|\\/.test(text) && hasProtoKey(value)) {
    throw unrecognized(kind, `"${PROTO}" is not accepted as a key`, text);
  }
  return value;
}

function hasProtoKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, PROTO) || Object.values(value).some(hasProtoKey);
}
