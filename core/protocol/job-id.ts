import { checksumAddress } from './address.ts';
import { sha256Hex } from './hashing.ts';

export interface JobIdentity {
  readonly chainId: number;
  /** The Provider's address. */
  readonly provider: string;
  readonly owner: string;
  /** Transaction hash of the order that pays. */
  readonly agreementId: string;
  /** The consumer's nonce of the start request. */
  readonly nonce: string;
}

/** 32 hex digits, as classic job ids look; the same request names the same job, so that a repeated POST finds it. */
export function jobIdOf(identity: JobIdentity): string {
  const parts = [
    identity.chainId,
    checksumAddress(identity.provider),
    checksumAddress(identity.owner),
    identity.agreementId.toLowerCase(),
    identity.nonce,
  ];
  return sha256Hex(JSON.stringify(parts)).slice(0, 32);
}
