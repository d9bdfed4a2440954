import { createCipheriv, pbkdf2Sync } from 'node:crypto';
import type { Entropy } from '../../../core/entropy.ts';
import { assert } from '../../../core/errors.ts';

/** The third of the schemes that MinIO's admin API reads: PBKDF2 with SHA-256 and AES-256-GCM. */
const PBKDF2_AES_GCM = 2;
const PBKDF2_ROUNDS = 8192;
const SALT_BYTES = 32;
/** Of twelve; the other four count the fragments of a stream. */
const NONCE_BYTES = 8;
/** A longer text would need several fragments; a user's document has a few hundred bytes. */
const FRAGMENT_BYTES = 16 * 1024;
const LAST_FRAGMENT = 0x80;

/**
 * Seals a document for MinIO's admin API, which takes secrets in no other form:
 * `salt (32) | scheme (1) | nonce (8) | ciphertext | tag (16)`, keyed by the admin's own secret.
 * Before the only fragment (number 1) an empty one (number 0) is sealed, whose tag goes into its associated data.
 */
export function sealForAdmin(adminSecret: string, text: string, entropy: Entropy): Buffer {
  const plain = Buffer.from(text, 'utf8');
  assert(plain.length <= FRAGMENT_BYTES, 'a document for the admin API fits into one fragment');
  const salt = entropy.bytes(SALT_BYTES);
  const nonce = entropy.bytes(NONCE_BYTES);
  const key = pbkdf2Sync(adminSecret, salt, PBKDF2_ROUNDS, 32, 'sha256');
  const seal = (fragment: number, content: Buffer, associated: Buffer): Buffer => {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(fragment);
    const cipher = createCipheriv('aes-256-gcm', key, Buffer.concat([nonce, number]));
    cipher.setAAD(associated);
    return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  };
  const opening = seal(0, Buffer.alloc(0), Buffer.alloc(0));
  const body = seal(1, plain, Buffer.concat([Buffer.of(LAST_FRAGMENT), opening]));
  return Buffer.concat([salt, Buffer.of(PBKDF2_AES_GCM), nonce, body]);
}
