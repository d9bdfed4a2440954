import { checksumAddress } from './address.ts';
import { sha256Hex } from './hashing.ts';

const DID = /^did:op:[0-9a-f]{64}$/;

/** `did:op:` and SHA-256 over the NFT's checksum address followed by the chain id in decimal (Ocean v4). */
export function didOf(nftAddress: string, chainId: number): string {
  return `did:op:${sha256Hex(checksumAddress(nftAddress) + String(chainId))}`;
}

export function isDid(text: unknown): text is string {
  return typeof text === 'string' && DID.test(text);
}

/** The DID without `did:op:`: folder names inside a job, and the `DIDS` variable. */
export function didSuffix(did: string): string {
  return did.replace(/^did:op:/, '');
}
