interface Needle {
  readonly canary: string;
  readonly encoding: string;
  readonly bytes: Buffer;
}

const ANCHOR_BYTES = 8;
const FILTER_BITS = 2 ** 20;

/**
 * Finds any of many thousand byte strings in one pass: a bit filter over the hash of eight bytes lets nearly every position pass at once,
 * and only what remains is compared.
 */
export class CanaryIndex {
  readonly longest: number;
  #filter = new Uint8Array(FILTER_BITS / 8);
  #needles = new Map<number, Needle[]>();

  constructor(canaries: readonly { readonly name: string; readonly text: string }[]) {
    let longest = 0;
    for (const { name, text } of canaries) {
      for (const [encoding, bytes] of encodingsOf(text)) {
        if (bytes.length < ANCHOR_BYTES) continue;
        const key = hashOf(bytes.readUInt32BE(0), bytes.readUInt32BE(4));
        this.#filter[key >>> 3] = (this.#filter[key >>> 3] ?? 0) | (1 << (key & 7));
        const bucket = this.#needles.get(key) ?? [];
        bucket.push({ canary: name, encoding, bytes });
        this.#needles.set(key, bucket);
        longest = Math.max(longest, bytes.length);
      }
    }
    this.longest = longest;
  }

  /** Calls `found` for every needle that lies wholly inside `bytes`. */
  search(bytes: Buffer, found: (canary: string, encoding: string) => void): void {
    if (bytes.length < ANCHOR_BYTES) return;
    let high = 0;
    let low = 0;
    for (let i = 0; i < bytes.length; i++) {
      high = ((high << 8) | (low >>> 24)) >>> 0;
      low = ((low << 8) | (bytes[i] ?? 0)) >>> 0;
      if (i < ANCHOR_BYTES - 1) continue;
      const key = hashOf(high, low);
      if (((this.#filter[key >>> 3] ?? 0) & (1 << (key & 7))) !== 0)
        this.#compare(bytes, i - ANCHOR_BYTES + 1, key, found);
    }
  }

  #compare(bytes: Buffer, at: number, key: number, found: (canary: string, encoding: string) => void): void {
    for (const needle of this.#needles.get(key) ?? []) {
      const end = at + needle.bytes.length;
      if (end <= bytes.length && bytes.compare(needle.bytes, 0, needle.bytes.length, at, end) === 0)
        found(needle.canary, needle.encoding);
    }
  }
}

function hashOf(high: number, low: number): number {
  return (Math.imul(high, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b)) >>> 12;
}

/** The encodings that keep a canary recognisable wherever it stands in the encoded text. */
function* encodingsOf(text: string): Generator<[string, Buffer], void, undefined> {
  const bytes = Buffer.from(text);
  yield ['clear', bytes];
  const utf16 = Buffer.from(text, 'utf16le');
  yield ['utf-16le', utf16];
  yield ['utf-16be', Buffer.from(utf16).swap16()];
  const hex = bytes.toString('hex');
  yield ['hex', Buffer.from(hex)];
  if (hex !== hex.toUpperCase()) yield ['hex', Buffer.from(hex.toUpperCase())];
  for (const alignment of [0, 1, 2]) {
    const base64 = innerBase64(bytes, alignment);
    yield ['base64', Buffer.from(base64)];
    const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_');
    if (urlSafe !== base64) yield ['base64', Buffer.from(urlSafe)];
  }
}

/** The characters that depend on the canary alone when `alignment` bytes, taken modulo three, stand before it. */
function innerBase64(bytes: Buffer, alignment: number): string {
  const padded = Buffer.concat([Buffer.alloc(alignment), bytes]);
  const firstOwn = Math.ceil((alignment * 8) / 6);
  const lastOwn = Math.floor((padded.length * 8) / 6);
  return padded.toString('base64').slice(firstOwn, lastOwn);
}
