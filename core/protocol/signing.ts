import { secp256k1 } from '@noble/curves/secp256k1.js';
import { checksumAddress, isAddress, sameAddress } from './address.ts';
import { fromHex, keccak, toHex } from './hashing.ts';
import { KnownSigners } from './known-signers.ts';

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

/** 33 bytes. */
export function compressedPublicKey(privateKey: string): Uint8Array {
  return secp256k1.getPublicKey(fromHex(privateKey), true);
}

/** The sum of both modulo the order of the curve: how BIP-32 makes a child's key. */
export function tweakedPrivateKey(privateKey: string, tweak: string): string {
  const { Fn } = secp256k1.Point;
  return toHex(Fn.toBytes(Fn.add(Fn.fromBytes(fromHex(privateKey)), Fn.create(BigInt(tweak)))));
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
  const bytes = recoverable(signature);
  const key = bytes && recoverKey(digest, bytes);
  return key && addressOfPublicKey(key.toBytes(false));
}

/** Whether `address` signed the text: as recovering and comparing, and faster for who signed before. */
export function isMessageSignedBy(message: string, signature: string, address: string): boolean {
  return isDigestSignedBy(messageDigest(message), signature, address);
}

export function isDigestSignedBy(digest: Uint8Array, signature: string, address: string): boolean {
  const bytes = recoverable(signature);
  if (!bytes || !isAddress(address)) return false;
  const lower = address.toLowerCase();
  try {
    const answer = knownSigners.verify(lower, digest, bytes);
    if (answer !== undefined) return answer;
  } catch {
    return false; // r or s out of range
  }
  const key = recoverKey(digest, bytes);
  if (!key || !sameAddress(addressOfPublicKey(key.toBytes(false)), address)) return false;
  knownSigners.remember(lower, key);
  return true;
}

const knownSigners = new KnownSigners();

/** Recovery bit ++ r ++ s; undefined for what is no signature. */
function recoverable(signature: string): Uint8Array | undefined {
  if (!/^0x[0-9a-fA-F]{130}$/.test(signature)) return undefined;
  const bytes = fromHex(signature);
  const v = bytes[64] ?? 255;
  const recovery = v >= 27 ? v - 27 : v;
  return recovery === 0 || recovery === 1 ? Buffer.concat([Buffer.from([recovery]), bytes.subarray(0, 64)]) : undefined;
}

function recoverKey(digest: Uint8Array, bytes: Uint8Array): InstanceType<typeof secp256k1.Point> | undefined {
  try {
    return secp256k1.Signature.fromBytes(bytes, 'recovered').recoverPublicKey(digest);
  } catch {
    return undefined; // r or s out of range, or no point on the curve: nobody signed this
  }
}
