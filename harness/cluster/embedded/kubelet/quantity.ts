import { WavetankError } from '../../../../core/errors.ts';

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * A Kubernetes quantity ("500m", "64Mi", "1e3") as a number.
 * @throws WavetankError QUANTITY_INVALID
 */
export function parseQuantity(text: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([KMGTPE]i|[numkMGTPE]?)$/.exec(text.trim());
  const factor = FACTORS[match?.[2] ?? ''];
  if (!match || factor === undefined)
    throw new WavetankError('QUANTITY_INVALID', `"${text}" is not a quantity.`, { category: 'usage' });
  return Number(match[1]) * factor;
}
