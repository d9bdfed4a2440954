import { createHash } from 'node:crypto';
import { keccak_256 } from '@noble/hashes/sha3.js';

/** SHA-256 as lower-case hex without a prefix: how Ocean writes every checksum. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function keccak(data: string | Uint8Array): Uint8Array {
  return keccak_256(typeof data === 'string' ? Buffer.from(data, 'utf8') : data);
}

export function toHex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replace(/^0x/i, ''), 'hex'));
}
