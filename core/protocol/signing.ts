import { pointFromScalar, privateAdd, recover, signRecoverable } from 'tiny-secp256k1';
import { WavetankError } from '../errors.ts';
import { checksumAddress, sameAddress } from './address.ts';
import { fromHex, keccak, toHex } from './hashing.ts';

/** What is signed for a text: keccak(EIP-191 prefix of 32 bytes ++ keccak(utf8 text)). */
export function messageDigest(message: string): Uint8Array {
  return personalDigest(keccak(message));
}

/** The EIP-191 digest of a 32-byte value. */
export function personalDigest(inner: Uint8Array): Uint8Array {
  return keccak(Buffer.concat([Buffer.from(`\x19Ethereum Signed Message:\n${inner.length}`, 'utf8'), inner]));
}

export function addressOfPublicKey(uncompressed: Uint8Array): string {
  return checksumAddress(toHex(keccak(uncompressed.subarray(1)).subarray(12)));
}

export function addressOfPrivateKey(privateKey: string): string {
  return addressOfPublicKey(publicKeyOf(fromHex(privateKey), false));
}

/** 33 bytes. */
export function compressedPublicKey(privateKey: string): Uint8Array {
  return publicKeyOf(fromHex(privateKey), true);
}

/** 33 or 65 bytes. @throws WavetankError PRIVATE_KEY_INVALID; the key is not in it */
export function publicKeyOf(privateKey: Uint8Array, isCompressed: boolean): Uint8Array {
  return ofValidKey(() => pointFromScalar(privateKey, isCompressed));
}

/** The sum of both modulo the order of the curve: how BIP-32 makes a child's key. */
export function tweakedPrivateKey(privateKey: string, tweak: string): string {
  return toHex(ofValidKey(() => privateAdd(fromHex(privateKey), fromHex(tweak))));
}

export interface SignatureParts {
  readonly v: 27 | 28;
  readonly r: string;
  readonly s: string;
}

/** Deterministic (RFC 6979), low-s, v 27 or 28: the contracts accept no other. */
export function signDigest(digest: Uint8Array, privateKey: string): SignatureParts {
  const { signature, recoveryId } = ofValidKey(() => signRecoverable(digest, fromHex(privateKey)));
  return {
    v: recoveryId === 0 ? 27 : 28,
    r: toHex(signature.subarray(0, 32)),
    s: toHex(signature.subarray(32, 64)),
  };
}

/** 65 bytes r ++ s ++ v as 0x hex, over `messageDigest(message)`. */
export function signMessage(message: string, privateKey: string): string {
  const { v, r, s } = signDigest(messageDigest(message), privateKey);
  return `0x${r.slice(2)}${s.slice(2)}${v.toString(16)}`;
}

/** Who signed the text; undefined when the signature is malformed or recovers to no key. v may be 0, 1, 27 or 28. */
export function recoverMessageSigner(message: string, signature: string): string | undefined {
  return recoverDigestSigner(messageDigest(message), signature);
}

export function recoverDigestSigner(digest: Uint8Array, signature: string): string | undefined {
  if (!/^0x[0-9a-fA-F]{130}$/.test(signature)) return undefined;
  const bytes = fromHex(signature);
  const v = bytes[64] ?? 255;
  const recoveryId = v >= 27 ? v - 27 : v;
  if (recoveryId !== 0 && recoveryId !== 1) return undefined;
  try {
    const key = recover(digest, bytes.subarray(0, 64), recoveryId, false);
    return key ? addressOfPublicKey(key) : undefined;
  } catch {
    return undefined; // r or s out of range, or no point on the curve: nobody signed this
  }
}

export function isMessageSignedBy(message: string, signature: string, address: string): boolean {
  return isDigestSignedBy(messageDigest(message), signature, address);
}

export function isDigestSignedBy(digest: Uint8Array, signature: string, address: string): boolean {
  const signer = recoverDigestSigner(digest, signature);
  return signer !== undefined && sameAddress(signer, address);
}

/** The library's own errors say what was expected, never what was given. */
function ofValidKey<T>(compute: () => T | null): T {
  let computed: T | null;
  try {
    computed = compute();
  } catch {
    computed = null;
  }
  if (computed !== null) return computed;
  throw new WavetankError(
    'PRIVATE_KEY_INVALID',
    'This is no private key of secp256k1: 32 bytes, below the order of the curve, not 0.',
    { category: 'usage' },
  );
}
