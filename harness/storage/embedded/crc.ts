/** CRC-32C and CRC-64/NVME, which Node has no native code for: tables of eight, so that eight bytes go in one step. */

const CRC32C_POLYNOMIAL = 0x82f63b78;
/** 0x9a6c9329ac4bc9b5: the reflected polynomial of the NVM Express specification. */
const NVME_POLYNOMIAL = { high: 0x9a6c9329, low: 0xac4bc9b5 };

const SLICES = 8;

let crc32cTable: Uint32Array | undefined;

/** Continues from `previous`, 0 at the start, as zlib's crc32 does. */
export function crc32c(chunk: Buffer, previous: number): number {
  const t = (crc32cTable ??= buildTable32(CRC32C_POLYNOMIAL));
  let crc = ~previous;
  let at = 0;
  for (; at + 8 <= chunk.length; at += 8) {
    const low = crc ^ chunk.readInt32LE(at);
    const high = chunk.readInt32LE(at + 4);
    crc =
      slot(t, 7, low) ^
      slot(t, 6, low >>> 8) ^
      slot(t, 5, low >>> 16) ^
      slot(t, 4, low >>> 24) ^
      slot(t, 3, high) ^
      slot(t, 2, high >>> 8) ^
      slot(t, 1, high >>> 16) ^
      slot(t, 0, high >>> 24);
  }
  for (; at < chunk.length; at++) crc = (crc >>> 8) ^ slot(t, 0, crc ^ (chunk[at] ?? 0));
  return ~crc >>> 0;
}

/** `table[slice][byte]`, flat. */
function slot(table: Uint32Array, slice: number, value: number): number {
  return table[(slice << 8) | (value & 0xff)] as number;
}

function buildTable32(polynomial: number): Uint32Array {
  const table = new Uint32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    table[byte] = crc;
  }
  for (let index = 256; index < table.length; index++) {
    const before = table[index - 256] as number;
    table[index] = (before >>> 8) ^ slot(table, 0, before);
  }
  return table;
}

interface Table64 {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

let nvmeTable: Table64 | undefined;

export class Crc64Nvme {
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(chunk: Buffer): void {
    const { high: th, low: tl } = (nvmeTable ??= buildTable64());
    let [high, low] = [this.#high, this.#low];
    let at = 0;
    for (; at + 8 <= chunk.length; at += 8) {
      const a = low ^ chunk.readInt32LE(at);
      const b = high ^ chunk.readInt32LE(at + 4);
      high =
        slot(th, 7, a) ^
        slot(th, 6, a >>> 8) ^
        slot(th, 5, a >>> 16) ^
        slot(th, 4, a >>> 24) ^
        slot(th, 3, b) ^
        slot(th, 2, b >>> 8) ^
        slot(th, 1, b >>> 16) ^
        slot(th, 0, b >>> 24);
      low =
        slot(tl, 7, a) ^
        slot(tl, 6, a >>> 8) ^
        slot(tl, 5, a >>> 16) ^
        slot(tl, 4, a >>> 24) ^
        slot(tl, 3, b) ^
        slot(tl, 2, b >>> 8) ^
        slot(tl, 1, b >>> 16) ^
        slot(tl, 0, b >>> 24);
    }
    for (; at < chunk.length; at++) {
      const byte = low ^ (chunk[at] ?? 0);
      low = ((low >>> 8) | (high << 24)) ^ slot(tl, 0, byte);
      high = (high >>> 8) ^ slot(th, 0, byte);
    }
    this.#high = high;
    this.#low = low;
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(~this.#high >>> 0, 0);
    bytes.writeUInt32BE(~this.#low >>> 0, 4);
    return bytes;
  }
}

function buildTable64(): Table64 {
  const high = new Uint32Array(SLICES * 256);
  const low = new Uint32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let [h, l] = [0, byte];
    for (let bit = 0; bit < 8; bit++) {
      const carry = l & 1;
      l = (l >>> 1) | (h << 31);
      h = h >>> 1;
      if (carry) [h, l] = [h ^ NVME_POLYNOMIAL.high, l ^ NVME_POLYNOMIAL.low];
    }
    high[byte] = h;
    low[byte] = l;
  }
  for (let index = 256; index < high.length; index++) {
    const [h, l] = [high[index - 256] as number, low[index - 256] as number];
    low[index] = ((l >>> 8) | (h << 24)) ^ slot(low, 0, l);
    high[index] = (h >>> 8) ^ slot(high, 0, l);
  }
  return { high, low };
}
