import { crc32 } from 'node:zlib';

const CHUNK_BYTES = 65_536;
const STREAM_FLAGS = Buffer.from([0x00, 0x01]); // check: CRC-32
const LZMA2 = [0x21, 0x01, 0x16];

/** An XZ stream that stores its bytes as they are: enough to try a decoder, in any size. */
export function xzStored(bytes: Uint8Array): Uint8Array {
  const header = Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), STREAM_FLAGS, sum(STREAM_FLAGS)]);
  const blockHead = Buffer.from([0x02, 0x00, ...LZMA2, 0, 0, 0]);
  const data = Buffer.concat([...chunksOf(bytes), Buffer.from([0x00])]);
  const block = Buffer.concat([blockHead, sum(blockHead), padded(data), sum(bytes)]);
  const unpaddedSize = 12 + data.length + 4;
  const indexBody = padded(Buffer.from([0x00, 0x01, ...number(unpaddedSize), ...number(bytes.length)]));
  const index = Buffer.concat([indexBody, sum(indexBody)]);
  const backward = Buffer.alloc(4);
  backward.writeUInt32LE(index.length / 4 - 1);
  const footer = Buffer.concat([backward, STREAM_FLAGS]);
  return new Uint8Array(Buffer.concat([header, block, index, sum(footer), footer, Buffer.from('YZ')]));
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    const part = bytes.subarray(at, at + CHUNK_BYTES);
    const head = Buffer.from([at === 0 ? 0x01 : 0x02, 0, 0]);
    head.writeUInt16BE(part.length - 1, 1);
    yield head;
    yield part;
  }
}

function sum(bytes: Uint8Array): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(crc32(bytes));
  return out;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function number(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(Math.floor(value / 128 ** bytes.length));
  return bytes;
}
