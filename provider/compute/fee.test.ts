import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createLocalSigner } from '../signer.ts';
import { toHex } from '../../core/protocol/hashing.ts';
import { computeFeeAmount, signQuote } from './fee.ts';
import { paysEnvironment } from './payment.ts';
import { paysEnvironmentOf } from '../access/provider-fee.ts';
import { PROVIDER_KEY } from '../testing/assets.ts';
import { maxDurationSeconds } from './workflow.ts';

describe('P4: the fee of an environment', () => {
  test.each([
    ['a minute', 60, 1, 18, 10n ** 18n],
    ['a day and a minute: the day counts', 86_460, 1, 18, 1441n * 10n ** 18n],
    ['thirty days', 30 * 86_400, 2, 18, 86_400n * 10n ** 18n],
    ['a price with decimals', 60, 0.35, 6, 350_000n],
    ['a very small price', 60, 1e-7, 18, 10n ** 11n],
    ['a fraction of the smallest unit is not asked for', 1, 1, 0, 0n],
    ['nothing is free of charge', 3600, 0, 18, 0n],
    ['the past costs nothing', -5, 1, 18, 0n],
  ])('%s', (_name, seconds, price, decimals, amount) => {
    expect(computeFeeAmount(seconds, price, decimals)).toBe(amount);
  });

  test('never falls with time, whatever the price', () => {
    fc.assert(
      fc.property(
        fc.nat(10 ** 8),
        fc.nat(10 ** 6),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.constantFrom(0, 6, 18),
        (a, more, price, decimals) => {
          expect(computeFeeAmount(a + more, price, decimals)).toBeGreaterThanOrEqual(
            computeFeeAmount(a, price, decimals),
          );
        },
      ),
    );
  });
});

test('a signed fee is the one that the classic stack signs', async () => {
  const { vectors } = JSON.parse(
    readFileSync(new URL('../../fixtures/vectors/provider-fee.json', import.meta.url), 'utf8'),
  ) as { vectors: Vector[] };
  for (const vector of vectors) {
    const fee = await createLocalSigner(vector.privateKey).signFee({
      providerFeeAddress: vector.providerFeeAddress,
      providerFeeToken: vector.providerFeeToken,
      providerFeeAmount: BigInt(vector.providerFeeAmount),
      validUntil: vector.validUntil,
      providerData: toHex(Buffer.from(vector.providerDataText)),
    });
    expect(fee).toMatchObject({ v: vector.v, r: vector.r, s: vector.s, providerFeeAmount: vector.providerFeeAmount });
  }
});

interface Vector {
  readonly privateKey: string;
  readonly providerFeeAddress: string;
  readonly providerFeeToken: string;
  readonly providerFeeAmount: string;
  readonly validUntil: number;
  readonly providerDataText: string;
  readonly v: number;
  readonly r: string;
  readonly s: string;
}

test('a quote says whether it pays for the environment', async () => {
  const quote = {
    feeToken: '0x00000000000000000000000000000000000000F7',
    amount: 0n,
    validUntil: 9,
    environment: 'e',
    datatoken: '0x00000000000000000000000000000000000000d7',
    serviceId: 's',
    quotedAt: 1,
  };
  for (const paysEnvironmentNow of [true, false]) {
    const fee = await signQuote({ ...quote, paysEnvironment: paysEnvironmentNow }, createLocalSigner(PROVIDER_KEY));
    expect(paysEnvironmentOf(fee.providerData)).toBe(paysEnvironmentNow);
  }
});

describe('P8: what pays for the environment', () => {
  const fee = { environment: 'e', validUntil: 1060, amount: 10n ** 18n, quotedAt: 1000 };
  test.each([
    ['a quote that says so, although the price has risen', { ...fee, amount: 1n, paysEnvironment: true }, 5, true],
    ["not a quote beside another element's", { ...fee, paysEnvironment: false }, 0, false],
    ['a quote of the classic stack that covers the price', { ...fee, paysEnvironment: undefined }, 1, true],
    [
      'not a quote of the classic stack that falls short',
      { ...fee, amount: 10n ** 18n - 1n, paysEnvironment: undefined },
      1,
      false,
    ],
  ])('%s', (_name, checked, price, pays) => {
    expect(paysEnvironment(checked, price, 18)).toBe(pays);
  });
});

test.each([
  ['the environment limits it', 60, { paidUntil: 1500, ordersUntil: 9000 }, 60],
  ['P5: what was paid limits it', 3600, { paidUntil: 1500, ordersUntil: 9000 }, 500],
  ['the order limits it', 3600, { paidUntil: 5000, ordersUntil: 1100 }, 100],
  ['paid without end', 3600, { paidUntil: 0, ordersUntil: undefined }, 3600],
  ['never less than a second', 3600, { paidUntil: 1000, ordersUntil: 900 }, 1],
])('how long a job may run: %s', (_name, limit, payment, seconds) => {
  expect(maxDurationSeconds(limit, payment, 1000)).toBe(seconds);
});
