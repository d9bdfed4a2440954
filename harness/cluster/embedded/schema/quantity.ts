/** Why a string is no quantity, in the server's words. */
export class QuantityError extends Error {}

const FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX_WRONG = "unable to parse quantity's suffix";

type QuantityFormat = 'decimal' | 'binary' | 'exponent';

/** A quantity in billionths, which is the server's own precision; what is finer is rounded up, away from zero. */
export interface Quantity {
  readonly nano: bigint;
  readonly format: QuantityFormat;
}

const NANO = 1_000_000_000n;
const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_EXPONENTS: Readonly<Record<string, number>> = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 };

/** Reads `500m`, `1.5Gi`, `1e9` … Throws a `QuantityError`. */
export function parseQuantity(text: string): Quantity {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/.exec(text.trim());
  if (!match || text.trim() === '') throw new QuantityError(FORMAT_WRONG);
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  const { format, numerator, exponent } = scaleOf(suffix);
  const digits = BigInt(`${whole}${fraction}` || '0') * numerator;
  const power = 9 + exponent - fraction.length;
  const magnitude = power >= 0 ? digits * 10n ** BigInt(power) : divideUp(digits, 10n ** BigInt(-power));
  return { nano: sign === '-' ? -magnitude : magnitude, format };
}

function scaleOf(suffix: string): { format: QuantityFormat; numerator: bigint; exponent: number } {
  const binary = BINARY_EXPONENTS[suffix];
  if (binary !== undefined) return { format: 'binary', numerator: 1024n ** BigInt(binary), exponent: 0 };
  const decimal = DECIMAL_EXPONENTS[suffix];
  if (decimal !== undefined) return { format: 'decimal', numerator: 1n, exponent: decimal };
  const exponent = /^[eE]([-+]?\d{1,4})$/.exec(suffix)?.[1];
  if (exponent === undefined) throw new QuantityError(SUFFIX_WRONG);
  return { format: 'exponent', numerator: 1n, exponent: Number(exponent) };
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

/** The form in which the server writes a quantity: the largest suffix that leaves a whole number. */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return '0';
  const isSmall = nano > -1024n * NANO && nano < 1024n * NANO;
  if (format === 'binary' && !isSmall) return formatBinary(nano);
  let mantissa = nano;
  let exponent = -9;
  while (exponent < 18 && mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (format === 'exponent') return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  const suffix = Object.entries(DECIMAL_EXPONENTS).find(([, value]) => value === exponent)?.[0] ?? '';
  return `${mantissa}${suffix}`;
}

function formatBinary(nano: bigint): string {
  let mantissa = nano < 0n ? -divideUp(-nano, NANO) : divideUp(nano, NANO);
  let power = 0;
  while (power < 6 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    power++;
  }
  const suffix = Object.entries(BINARY_EXPONENTS).find(([, value]) => value === power)?.[0] ?? '';
  return `${mantissa}${suffix}`;
}

/**
 * A quantity as the server writes it back. What says no other number than the canonical form (`+5`, `007`, `5.`, `1E3`)
 * is left as it was sent. Throws a `QuantityError`.
 */
export function canonicalQuantity(
  text: string,
  round: (quantity: Quantity) => Quantity = (quantity) => quantity,
): string {
  const canonical = formatQuantity(round(parseQuantity(text)));
  const plain = text
    .trim()
    .replace(/^\+/, '')
    .replace(/^(-?)0+(?=\d)/, '$1')
    .replace(/\.(?!\d)/, '')
    .replace('E', 'e');
  return plain === canonical.replace('E', 'e') ? text.trim() : canonical;
}

const MILLI = 1_000_000n;

export function roundUpToMilli({ nano, format }: Quantity): Quantity {
  return { nano: nano < 0n ? -divideUp(-nano, MILLI) * MILLI : divideUp(nano, MILLI) * MILLI, format };
}

export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0;
}
