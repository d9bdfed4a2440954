import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  QuantityError,
  roundUpToMilli,
} from './quantity.ts';

describe('quantities', () => {
  // The right column is what Kubernetes writes back for the left one.
  it.each([
    ['0', '0'],
    ['-0', '0'],
    ['1', '1'],
    ['+5', '+5'],
    ['007', '007'],
    ['.5', '500m'],
    ['5.', '5.'],
    ['.', '0'],
    ['Ki', '0'],
    ['1 ', '1'],
    ['0.5', '500m'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1000', '1k'],
    ['1500', '1500'],
    ['100k', '100k'],
    ['1024Ki', '1Mi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['1e3', '1e3'],
    ['1E3', '1E3'],
    ['12e5', '1200e3'],
    ['-1Gi', '-1Gi'],
    ['1n', '1n'],
    ['0.1n', '1n'],
  ])('reads %s and writes %s', (given, canonical) => {
    expect(canonicalQuantity(given)).toBe(canonical);
  });

  it.each(['', 'x', '1x', '--1', '1.1.1', '1Kii', '1ee5', '1m5', '1 1'])('refuses %j', (given) => {
    expect(() => parseQuantity(given)).toThrow(QuantityError);
  });

  it('rounds up to a thousandth', () => {
    expect(formatQuantity(roundUpToMilli(parseQuantity('1u')))).toBe('1m');
    expect(formatQuantity(roundUpToMilli(parseQuantity('1500u')))).toBe('2m');
    expect(formatQuantity(roundUpToMilli(parseQuantity('-1500u')))).toBe('-2m');
  });

  it('keeps the amount when it is written and read again', () => {
    const suffixes = ['', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e2', 'E-3'];
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.constantFrom(...suffixes), (number, suffix) => {
        const quantity = parseQuantity(`${number}${suffix}`);
        expect(compareQuantities(parseQuantity(formatQuantity(quantity)), quantity)).toBe(0);
      }),
    );
  });
});
