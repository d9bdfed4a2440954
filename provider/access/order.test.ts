import { describe, expect, test } from 'vitest';
import type { OrderCall, OrderReceipt, OrderStartedEvent, ProviderFeeEvent } from '../../contracts/orders.ts';
import { signProviderFee } from '../../core/protocol/provider-fee.ts';
import { toHex } from '../../core/protocol/hashing.ts';
import {
  DATATOKEN,
  ENVIRONMENT_ADDRESS,
  FACTORY,
  FEE_TOKEN,
  PROVIDER_KEY,
  STRANGER,
  STRANGER_KEY,
  USER,
  assetOf,
} from '../testing/assets.ts';
import { addressOfPrivateKey } from '../../core/protocol/signing.ts';
import type { OrderEvidence, OrderExpectation } from './order.ts';
import { checkOrder } from './order.ts';

const START = 1_700_000_000;
const START_TX = `0x${'aa'.repeat(32)}`;
const REUSE_TX = `0x${'bb'.repeat(32)}`;
const place = { emitter: DATATOKEN, transactionHash: START_TX, blockNumber: 5, logIndex: 0 };

function feeEvent(
  overrides: { data?: object; key?: string; validUntil?: number; tampered?: Partial<ProviderFeeEvent> } = {},
): ProviderFeeEvent {
  const key = overrides.key ?? PROVIDER_KEY;
  const data = {
    environment: 'env-a',
    timestamp: START - 1,
    dt: DATATOKEN,
    id: 'svc-1',
    pays: true,
    ...overrides.data,
  };
  const fee = signProviderFee(
    {
      providerFeeAddress: addressOfPrivateKey(key),
      providerFeeToken: FEE_TOKEN,
      providerFeeAmount: 100n,
      validUntil: overrides.validUntil ?? START + 600,
      providerData: toHex(Buffer.from(JSON.stringify(data))),
    },
    key,
  );
  return { ...place, ...fee, providerFeeAmount: 100n, ...overrides.tampered };
}

function started(order: Partial<OrderStartedEvent> = {}, fee: ProviderFeeEvent | undefined = feeEvent()): OrderCall {
  const event = {
    ...place,
    consumer: ENVIRONMENT_ADDRESS,
    payer: USER,
    amount: 10n ** 18n,
    serviceIndex: 0n,
    timestamp: START,
    publishMarketAddress: USER,
  };
  return { kind: 'started', order: { ...event, ...order }, fee };
}

function reused(fee: ProviderFeeEvent | undefined = feeEvent()): OrderCall {
  return { kind: 'reused', order: { ...place, orderTxId: START_TX, caller: USER, timestamp: START + 5000 }, fee };
}

function receipt(calls: readonly OrderCall[], overrides: Partial<OrderReceipt> = {}): OrderReceipt {
  return {
    transactionHash: START_TX,
    blockNumber: 5,
    blockHash: `0x${'01'.repeat(32)}`,
    confirmations: 1,
    chainTime: START,
    isSuccessful: true,
    sender: USER,
    calledContract: DATATOKEN,
    datatoken: DATATOKEN,
    calls,
    ...overrides,
  };
}

const expected: OrderExpectation = {
  caller: USER,
  environment: 'env-a',
  environmentAddress: ENVIRONMENT_ADDRESS,
  confirmations: 1,
  now: START + 60,
};

const check = (evidence: OrderEvidence, changed: Partial<OrderExpectation> = {}) =>
  checkOrder(evidence, assetOf(), { ...expected, ...changed });

describe('an order pays when', () => {
  test.each<[string, OrderEvidence, Partial<OrderExpectation>]>([
    ['its caller paid it for the environment', { receipt: receipt([started()]) }, {}],
    ['its caller is the consumer', { receipt: receipt([started({ consumer: USER, payer: STRANGER })]) }, {}],
    ['the spelling of the address differs', { receipt: receipt([started()]) }, { caller: USER.toLowerCase() }],
    [
      'P10: it went through the factory',
      { receipt: receipt([started({ payer: FACTORY })], { calledContract: FACTORY }) },
      {},
    ],
    [
      "P7: the first of two orders is somebody else's",
      { receipt: receipt([started({ payer: STRANGER }), started()]) },
      {},
    ],
    [
      'it was reused with a fresh fee',
      {
        receipt: receipt([reused()], { transactionHash: REUSE_TX }),
        original: receipt([started({}, feeEvent({ validUntil: START }))]),
      },
      {},
    ],
    ['its fee has no end', { receipt: receipt([started({}, feeEvent({ validUntil: 0 }))]) }, {}],
  ])('%s', (_name, evidence, changed) => {
    expect(check(evidence, changed)).toMatchObject({
      ok: true,
      value: { startTx: START_TX, validUntil: START + 3600, serviceIndex: 0 },
    });
  });
});

describe('an order does not pay when', () => {
  test.each<[string, OrderEvidence, Partial<OrderExpectation>, string]>([
    ['the transaction was reverted', { receipt: receipt([], { isSuccessful: false }) }, {}, 'ORDER_TX_FAILED'],
    [
      'P3: it has too few confirmations',
      { receipt: receipt([started()]) },
      { confirmations: 2 },
      'ORDER_TX_UNCONFIRMED',
    ],
    ['P1: the datatoken emitted nothing', { receipt: receipt([]) }, {}, 'ORDER_NOT_FOUND'],
    ['it is of another service', { receipt: receipt([started({ serviceIndex: 1n })]) }, {}, 'ORDER_NOT_FOUND'],
    ['it paid less than a datatoken', { receipt: receipt([started({ amount: 10n ** 18n - 1n })]) }, {}, 'ORDER_AMOUNT'],
    [
      'its time is over',
      { receipt: receipt([started({}, feeEvent({ validUntil: 0 }))]) },
      { now: START + 3601 },
      'ORDER_EXPIRED',
    ],
    [
      'its time is over by the chain alone, whose time may be moved on in a laboratory',
      { receipt: receipt([started({}, feeEvent({ validUntil: 0 }))], { chainTime: START + 3601 }) },
      {},
      'ORDER_EXPIRED',
    ],
    [
      'its fee is over by the chain alone',
      { receipt: receipt([started({}, feeEvent({ validUntil: START + 100 }))], { chainTime: START + 100 }) },
      {},
      'ORDER_FEE_EXPIRED',
    ],
    [
      'P2: its time is over although it was reused since',
      { receipt: receipt([reused(feeEvent({ validUntil: START + 9000 }))]), original: receipt([started()]) },
      { now: START + 5001 },
      'ORDER_EXPIRED',
    ],
    ["it is somebody else's", { receipt: receipt([started()]) }, { caller: STRANGER }, 'ORDER_NOT_YOURS'],
    [
      'its payer is the caller but its consumer a third party',
      { receipt: receipt([started({ consumer: STRANGER })]) },
      {},
      'ORDER_NOT_YOURS',
    ],
    [
      'its payer is the caller but nobody asked for an environment',
      { receipt: receipt([started({}, feeEvent({ validUntil: 0 }))]) },
      { environmentAddress: undefined },
      'ORDER_NOT_YOURS',
    ],
    [
      'P10: it went through another contract, which the caller only sent on',
      { receipt: receipt([started({ payer: STRANGER })], { calledContract: STRANGER }) },
      {},
      'ORDER_NOT_YOURS',
    ],
    [
      'its fee was signed for another datatoken',
      { receipt: receipt([started({}, feeEvent({ data: { dt: STRANGER } }))]) },
      {},
      'ORDER_FEE_NOT_FOUND',
    ],
    [
      'its fee was signed for another service',
      { receipt: receipt([started({}, feeEvent({ data: { id: 'svc-2' } }))]) },
      {},
      'ORDER_FEE_NOT_FOUND',
    ],
    [
      'its fee was signed for another environment',
      { receipt: receipt([started({}, feeEvent({ data: { environment: 'env-b' } }))]) },
      {},
      'ORDER_FEE_ENVIRONMENT',
    ],
    [
      'its fee was signed by somebody else',
      { receipt: receipt([started({}, feeEvent({ key: STRANGER_KEY }))]) },
      {},
      'ORDER_FEE_SIGNATURE',
    ],
    [
      'its fee was changed after the signature',
      { receipt: receipt([started({}, feeEvent({ tampered: { validUntil: START + 99_999 } }))]) },
      {},
      'ORDER_FEE_SIGNATURE',
    ],
    [
      'P7: its fee has ended',
      { receipt: receipt([started({}, feeEvent({ validUntil: START + 60 }))]) },
      {},
      'ORDER_FEE_EXPIRED',
    ],
    [
      'P2: it is the reuse of a reuse',
      { receipt: receipt([reused()]), original: receipt([reused()]) },
      {},
      'ORDER_REUSE_INVALID',
    ],
  ])('%s', (_name, evidence, changed, code) => {
    expect(check(evidence, changed)).toMatchObject({
      ok: false,
      reason: { code, field: 'transferTxId', classic: 'order_invalid' },
    });
  });

  test('it carries no fee at all', () => {
    const bare: OrderCall = { ...started(), fee: undefined };
    expect(check({ receipt: receipt([bare]) })).toMatchObject({ ok: false, reason: { code: 'ORDER_FEE_NOT_FOUND' } });
  });
});

test('an order without a timeout never ends', () => {
  const of = assetOf({ service: { timeout: 0 } });
  const evidence = { receipt: receipt([started({}, feeEvent({ validUntil: 0 }))]) };
  expect(checkOrder(evidence, of, { ...expected, now: START + 10 ** 9 })).toMatchObject({
    ok: true,
    value: { validUntil: undefined },
  });
});

test('with the quirk reuse-renews-time an order lasts from its last reuse, and without it from its start', () => {
  const evidence = {
    receipt: receipt([reused(feeEvent({ validUntil: START + 9000 }))], { transactionHash: REUSE_TX }),
    original: receipt([started()]),
  };
  const [reuse] = evidence.receipt.calls;
  const later = { now: START + 5001 };
  expect(check(evidence, later)).toMatchObject({ ok: false, reason: { code: 'ORDER_EXPIRED' } });
  expect(check(evidence, { ...later, reuseRenewsTime: true })).toMatchObject({
    ok: true,
    value: { validUntil: (reuse?.order.timestamp ?? 0) + 3600 },
  });
});
