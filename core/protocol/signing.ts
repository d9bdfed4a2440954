import { secp256k1 } from '@noble/curves/secp256k1.js';
import { checksumAddress } from './address.ts';
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
  return addressOfPublicKey(secp256k1.getPublicKey(fromHex(privateKey), false));
}

export interface SignatureParts {
  readonly v: 27 | 28;
  readonly r: string;
  readonly s: string;
}

/** Deterministic (RFC 6979), low-s, v 27 or 28: the contracts accept no other. */
export function signDigest(digest: Uint8Array, privateKey: string): SignatureParts {
  const signature = secp256k1.sign(digest, fromHex(privateKey), { prehash: false, format: 'recovered' });
  return {
    v: signature[0] === 0 ? 27 : 28,
    r: toHex(signature.subarray(1, 33)),
    s: toHex(signature.subarray(33, 65)),
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
  const recovery = v >= 27 ? v - 27 : v;
  if (recovery !== 0 && recovery !== 1) return undefined;
  try {
    const recovered = Buffer.concat([Buffer.from([recovery]), bytes.subarray(0, 64)]);
    const compressed = secp256k1.recoverPublicKey(recovered, digest, { prehash: false });
    return addressOfPublicKey(secp256k1.Point.fromBytes(compressed).toBytes(false));
  } catch {
    return undefined; // r or s out of range, or no point on the curve: nobody signed this
  }
}
