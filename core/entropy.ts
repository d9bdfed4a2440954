import { createHash, randomBytes } from 'node:crypto';

/** The randomness seam: ids, nonces, ephemeral keys and tokens come from here. */
export interface Entropy {
  bytes(length: number): Uint8Array;
}

export const systemEntropy: Entropy = { bytes: (length) => new Uint8Array(randomBytes(length)) };

/** The same bytes for the same seed. Never for anything that must stay secret outside a lab. */
export function seededEntropy(seed: string | number): Entropy {
  let counter = 0;
  return {
    bytes(length) {
      const out = Buffer.alloc(length);
      for (let offset = 0; offset < length; offset += 32) {
        createHash('sha256').update(`${seed}:${counter++}`).digest().copy(out, offset);
      }
      return new Uint8Array(out);
    },
  };
}

export function randomHex(entropy: Entropy, byteLength: number): string {
  return Buffer.from(entropy.bytes(byteLength)).toString('hex');
}

/** An RFC 9562 version 4 UUID. */
export function randomUuid(entropy: Entropy): string {
  const bytes = Buffer.from(entropy.bytes(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
