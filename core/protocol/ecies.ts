import { decrypt, encrypt } from 'eciesjs';
import { Config } from 'eciesjs/config';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { fromHex, toHex } from './hashing.ts';

/**
 * ECIES as eciespy 0.3.11 writes it, which every encrypted files object on an Ocean chain uses:
 * uncompressed ephemeral key (65) ++ nonce (16) ++ tag (16) ++ AES-256-GCM ciphertext.
 */
const config = new Config();
config.ellipticCurve = 'secp256k1';
config.isEphemeralKeyCompressed = false;
config.isHkdfKeyCompressed = false;
config.symmetricAlgorithm = 'aes-256-gcm';
config.symmetricNonceLength = 16;

/** 0x hex of the encrypted bytes, for the holder of the private key. */
export function eciesEncrypt(
  publicKeyOrPrivateKey: { readonly privateKey: string } | { readonly publicKey: string },
  data: Uint8Array,
): string {
  const publicKey =
    'privateKey' in publicKeyOrPrivateKey
      ? secp256k1.getPublicKey(fromHex(publicKeyOrPrivateKey.privateKey), false)
      : fromHex(publicKeyOrPrivateKey.publicKey);
  return toHex(encrypt(publicKey, data, config));
}

/** @throws Error of the library when the bytes were not written for this key or were changed. */
export function eciesDecrypt(privateKey: string, encrypted: string | Uint8Array): Uint8Array {
  return new Uint8Array(
    decrypt(fromHex(privateKey), typeof encrypted === 'string' ? fromHex(encrypted) : encrypted, config),
  );
}
