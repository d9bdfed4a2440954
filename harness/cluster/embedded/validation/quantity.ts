import { parseQuantity as parseExactly, QuantityError } from '../schema/quantity.ts';

/** A resource quantity (`500m`, `1Gi`, `1e3`) as a number, for comparing and adding; undefined when it is none. */
export function parseQuantity(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  try {
    return Number(parseExactly(value).nano) / 1e9;
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}
