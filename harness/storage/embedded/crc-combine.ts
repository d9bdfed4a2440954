import type { ChecksumAlgorithm } from './checksums.ts';

/** Generator polynomials without their highest term, most significant bit first. */
const POLYNOMIALS: Partial<Record<ChecksumAlgorithm, { width: bigint; polynomial: bigint }>> = {
  crc32: { width: 32n, polynomial: 0x04c11db7n },
  crc32c: { width: 32n, polynomial: 0x1edc6f41n },
  crc64nvme: { width: 64n, polynomial: 0xad93d23594c93659n },
};

export function isCombinable(algorithm: ChecksumAlgorithm): boolean {
  return POLYNOMIALS[algorithm] !== undefined;
}

/**
 * The CRC of a whole from the CRCs of its pieces, without reading a byte: crc(AB) = crc(A) · x^(8·|B|) + crc(B),
 * in polynomials modulo the generator. True for CRCs that start from and end with all ones inverted, as these do.
 */
export function combineCrcs(
  algorithm: ChecksumAlgorithm,
  pieces: readonly { readonly value: string; readonly size: number }[],
): string {
  const { width, polynomial } = POLYNOMIALS[algorithm] ?? { width: 0n, polynomial: 0n };
  const modulus = (1n << width) | polynomial;
  let whole = 0n;
  for (const piece of pieces) {
    const crc = reflect(BigInt(`0x${Buffer.from(piece.value, 'base64').toString('hex')}`), width);
    whole = multiply(whole, powerOfX(8 * piece.size, modulus, width), modulus, width) ^ crc;
  }
  const hex = reflect(whole, width)
    .toString(16)
    .padStart(Number(width / 4n), '0');
  return Buffer.from(hex, 'hex').toString('base64');
}

function powerOfX(exponent: number, modulus: bigint, width: bigint): bigint {
  let [result, base] = [1n, 2n];
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, base, modulus, width);
    base = multiply(base, base, modulus, width);
  }
  return result;
}

/** Product of two polynomials over GF(2), reduced. */
function multiply(a: bigint, b: bigint, modulus: bigint, width: bigint): bigint {
  let product = 0n;
  for (let bit = width - 1n; bit >= 0n; bit--) {
    product <<= 1n;
    if ((product >> width) & 1n) product ^= modulus;
    if ((b >> bit) & 1n) product ^= a;
  }
  return product;
}

function reflect(value: bigint, width: bigint): bigint {
  return BigInt(`0b${value.toString(2).padStart(Number(width), '0').split('').toReversed().join('')}`);
}
