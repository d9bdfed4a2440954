import { keccak_256 } from '@noble/hashes/sha3.js';
import { WavetankError } from '../errors.ts';

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

export function isAddress(text: unknown): text is string {
  return typeof text === 'string' && ADDRESS.test(text);
}

/**
 * The EIP-55 spelling of an address, whatever case it came in. A wrong checksum is not an error here: the classic wire
 * carries addresses in every case, and comparing normalised ones is what makes that harmless.
 * @throws WavetankError INVALID_ADDRESS
 */
export function checksumAddress(address: string): string {
  if (!isAddress(address))
    throw new WavetankError('INVALID_ADDRESS', 'Not an Ethereum address.', { category: 'usage' });
  const lower = address.slice(2).toLowerCase();
  const hash = Buffer.from(keccak_256(Buffer.from(lower, 'ascii'))).toString('hex');
  const spelled = Array.from(lower, (digit) => digit).map((digit, i) =>
    Number.parseInt(hash[i] ?? '0', 16) >= 8 ? digit.toUpperCase() : digit,
  );
  return `0x${spelled.join('')}`;
}

export function sameAddress(a: string | undefined | null, b: string | undefined | null): boolean {
  return isAddress(a) && isAddress(b) && a.toLowerCase() === b.toLowerCase();
}

export const ZERO_ADDRESS = '0x0000000000000000000000000000000000000000';
