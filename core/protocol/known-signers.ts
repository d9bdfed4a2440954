import { secp256k1 } from '@noble/curves/secp256k1.js';

type Point = InstanceType<typeof secp256k1.Point>;
const { BASE, Fn } = secp256k1.Point;

interface Signer {
  readonly key: Point;
  seen: number;
}

/** A table costs 11 to 20 ms once and spares half a millisecond per signature: it is made for whoever signs often. */
const SEEN_BEFORE_TABLE = 16;
const TABLE_WINDOW = 4;
/** Each table has some 100 KB. */
const MOST_SIGNERS = 64;

/**
 * Public keys of addresses that signed before. With the key at hand a signature is compared with the point that it must
 * lead to: the same answer as recovering the key, in a third of the time. Keys are no secrets, and nothing is believed
 * because of them.
 */
export class KnownSigners {
  readonly #signers = new Map<string, Signer>();

  /** @param address in lower case, as everywhere here */
  remember(address: string, key: Point): void {
    const oldest = this.#signers.keys().next();
    if (this.#signers.size >= MOST_SIGNERS && oldest.done !== true) this.#signers.delete(oldest.value);
    this.#signers.set(address, { key, seen: 1 });
  }

  /** Whether the key of `address` made this signature, recovery bit included; undefined for one that is not known. */
  verify(address: string, digest: Uint8Array, recovered: Uint8Array): boolean | undefined {
    const signer = this.#signers.get(address);
    if (!signer) return undefined;
    if (++signer.seen === SEEN_BEFORE_TABLE) signer.key.precompute(TABLE_WINDOW);
    const { r, s, recovery } = secp256k1.Signature.fromBytes(recovered, 'recovered');
    const inverse = Fn.inv(s);
    const hash = Fn.create(BigInt(`0x${Buffer.from(digest).toString('hex')}`));
    const point = BASE.multiplyUnsafe(Fn.create(hash * inverse)).add(signer.key.multiplyUnsafe(Fn.create(r * inverse)));
    if (point.is0()) return false;
    const { x, y } = point.toAffine();
    return x === r && Number(y & 1n) === recovery;
  }
}
