import { createHmac, pbkdf2Sync } from 'node:crypto';
import { addressOfPrivateKey, compressedPublicKey, tweakedPrivateKey } from '../../core/protocol/signing.ts';
import type { ChainAccount } from './chain.ts';

/** m/44'/60'/0'/0, as wallets number the accounts of Ethereum (BIP-44). */
const ACCOUNTS_PATH = [44 + 2 ** 31, 60 + 2 ** 31, 2 ** 31, 0];
const HARDENED = 2 ** 31;
/** BIP-39. */
const SEED_ROUNDS = 2048;

/** A node of BIP-32's tree. */
interface ExtendedKey {
  /** 0x hex. */
  readonly privateKey: string;
  readonly chainCode: Uint8Array;
}

/**
 * The first `count` accounts of a BIP-39 phrase. Done here and not by Hardhat: its pure-JavaScript key stretching alone
 * took 0.35 s of the chain's start. Nor by ethers, whose own copy of the curve would need 0.05 s for its tables.
 */
export function deriveAccounts(mnemonic: string, count: number): ChainAccount[] {
  const phrase = mnemonic.trim().normalize('NFKD');
  const seed = pbkdf2Sync(phrase, 'mnemonic', SEED_ROUNDS, 64, 'sha512');
  const root = ACCOUNTS_PATH.reduce(childOf, split(hmac('Bitcoin seed', seed)));
  return Array.from({ length: count }, (_, index) => {
    const { privateKey } = childOf(root, index);
    return { address: addressOfPrivateKey(privateKey), privateKey };
  });
}

/** BIP-32: a hardened child comes from the private key, an ordinary one from the public key. */
function childOf(parent: ExtendedKey, index: number): ExtendedKey {
  const key =
    index >= HARDENED
      ? Buffer.from(parent.privateKey.slice(2).padStart(66, '0'), 'hex')
      : compressedPublicKey(parent.privateKey);
  const number = Buffer.alloc(4);
  number.writeUInt32BE(index);
  const { privateKey: tweak, chainCode } = split(hmac(parent.chainCode, Buffer.concat([key, number])));
  return { privateKey: tweakedPrivateKey(parent.privateKey, tweak), chainCode };
}

function split(digest: Buffer): ExtendedKey {
  return { privateKey: `0x${digest.toString('hex', 0, 32)}`, chainCode: digest.subarray(32) };
}

function hmac(key: string | Uint8Array, data: Uint8Array): Buffer {
  return createHmac('sha512', key).update(data).digest();
}
