import { hkdfSync } from 'node:crypto';
import { eciesDecrypt, eciesEncrypt } from '../core/protocol/ecies.ts';
import { fromHex, keccak } from '../core/protocol/hashing.ts';
import type { OperatorRequest } from '../core/protocol/operator-auth.ts';
import { signOperatorRequest } from '../core/protocol/operator-auth.ts';
import type { ProviderFee, UnsignedProviderFee } from '../core/protocol/provider-fee.ts';
import { signProviderFee } from '../core/protocol/provider-fee.ts';
import type { SignatureParts } from '../core/protocol/signing.ts';
import { addressOfPrivateKey, personalDigest, signDigest, signMessage } from '../core/protocol/signing.ts';

/**
 * Everything that the chain key does. It never leaves this object; a key service can take its place.
 * The classic Provider used the raw key's text as the secret of its tokens too (A13); here such keys are derived.
 */
export interface Signer {
  /** EIP-55. */
  readonly address: string;
  signFee(fee: UnsignedProviderFee): Promise<ProviderFee>;
  signMessage(message: string): Promise<string>;
  /** As `signMessage`, for bytes that are no text. */
  signBytes(data: Uint8Array): Promise<string>;
  /** A 32-byte digest as it is, for transactions. */
  signDigest(digest: Uint8Array): Promise<SignatureParts>;
  /** Headers that prove a request to the Operator Service. */
  signOperatorRequest(request: OperatorRequest): Promise<Record<string, string>>;
  /** 0x hex, for this signer alone. */
  encrypt(data: Uint8Array): Promise<string>;
  /** @throws Error when the bytes were not written for this signer */
  decrypt(encrypted: Uint8Array): Promise<Uint8Array>;
  /** 32 bytes for one purpose; another label gives an unrelated key. */
  deriveKey(label: string): Promise<Uint8Array>;
}

export function createLocalSigner(privateKey: string): Signer {
  const address = addressOfPrivateKey(privateKey);
  return {
    address,
    signFee: (fee) => Promise.resolve(signProviderFee(fee, privateKey)),
    signMessage: (message) => Promise.resolve(signMessage(message, privateKey)),
    signBytes: (data) => {
      const { v, r, s } = signDigest(personalDigest(keccak(data)), privateKey);
      return Promise.resolve(`0x${r.slice(2)}${s.slice(2)}${v.toString(16)}`);
    },
    signDigest: (digest) => Promise.resolve(signDigest(digest, privateKey)),
    signOperatorRequest: (request) => Promise.resolve(signOperatorRequest(request, privateKey, address)),
    encrypt: (data) => Promise.resolve(eciesEncrypt({ privateKey }, data)),
    decrypt: async (encrypted) => eciesDecrypt(privateKey, encrypted),
    deriveKey: (label) =>
      Promise.resolve(new Uint8Array(hkdfSync('sha256', fromHex(privateKey), 'wavetank provider', label, 32))),
  };
}
