import { badRequest, unsupportedMediaType } from '../kube-status.ts';
import { MESSAGES, PROTOBUF_KINDS } from './protobuf-fields.ts';

/** The envelope of every Kubernetes protobuf body starts with these four bytes. */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

/**
 * Decodes a body of `application/vnd.kubernetes.protobuf` into the JSON of the same object.
 * Differs from kube-apiserver: only the kinds that kubectl's own subcommands send in this encoding are taken; others are a 415.
 */
export function parseProtobuf(body: Buffer, kind: string, accepted: readonly string[]): unknown {
  if (!body.subarray(0, 4).equals(MAGIC)) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]`,
    );
  }
  try {
    const envelope = readMessage(body.subarray(4), 'Unknown');
    const { apiVersion, kind: given } = (envelope['typeMeta'] ?? {}) as { apiVersion?: string; kind?: string };
    if (!PROTOBUF_KINDS.has(given ?? kind)) throw unsupportedMediaType(accepted);
    const raw = envelope['raw'];
    return {
      apiVersion: apiVersion ?? '',
      kind: given ?? '',
      ...readMessage(Buffer.isBuffer(raw) ? raw : Buffer.alloc(0), given ?? kind),
    };
  } catch (error) {
    if (error instanceof RangeError)
      throw badRequest(`the object provided is unrecognized (must be of type ${kind}): unexpected EOF`);
    throw error;
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Up to 64 bits; JSON has no more than 53, which every field here fits. */
  varint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new RangeError('varint too long');
  }

  bytes(): Buffer {
    const length = this.varint();
    if (length < 0 || this.#at + length > this.#bytes.length) throw new RangeError('length beyond the end');
    const slice = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return slice;
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 2) this.bytes();
    else if (wireType === 1 || wireType === 5) this.#at += wireType === 1 ? 8 : 4;
    else throw new RangeError(`wire type ${wireType}`);
  }
}

function readMessage(bytes: Buffer, type: string): Record<string, unknown> {
  const fields = MESSAGES[type] ?? {};
  const message: Record<string, unknown> = {};
  const reader = new Reader(bytes);
  while (!reader.isDone) {
    const tag = reader.varint();
    const field = fields[tag >>> 3];
    if (field === undefined) reader.skip(tag & 7);
    else readField(reader, message, field[0], field[1]);
  }
  return message;
}

function readField(reader: Reader, message: Record<string, unknown>, name: string, type: string): void {
  if (type.startsWith('[]')) {
    const list = (message[name] ??= []) as unknown[];
    list.push(readValue(reader, type.slice(2)));
  } else if (type.startsWith('{}')) {
    const entry = readEntry(reader.bytes(), type.slice(2));
    message[name] = { ...(message[name] as object | undefined), [entry.key]: entry.value };
  } else {
    const value = readValue(reader, type);
    // Go writes empty strings of required fields; in JSON they are left out.
    if (value !== '' && value !== undefined) message[name] = value;
  }
}

function readEntry(bytes: Buffer, type: string): { key: string; value: unknown } {
  const reader = new Reader(bytes);
  const entry: { key: string; value: unknown } = { key: '', value: '' };
  while (!reader.isDone) {
    const tag = reader.varint();
    if (tag >>> 3 === 1) entry.key = reader.bytes().toString('utf8');
    else if (tag >>> 3 === 2) entry.value = readValue(reader, type);
    else reader.skip(tag & 7);
  }
  return entry;
}

function readValue(reader: Reader, type: string): unknown {
  if (type === 'int') return reader.varint();
  if (type === 'bool') return reader.varint() !== 0;
  const bytes = reader.bytes();
  if (type === 'string') return bytes.toString('utf8');
  if (type === 'bytes') return bytes.toString('base64');
  if (type === 'raw') return bytes;
  const message = readMessage(bytes, type);
  if (type !== 'Time') return message;
  const seconds = message['seconds'];
  // The zero time stands for none.
  return typeof seconds === 'number' && seconds > 0
    ? new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
    : undefined;
}
