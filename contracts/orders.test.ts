import { describe, expect, it } from 'vitest';
import { erc20Template } from './abi.ts';
import type { EventLog } from './events.ts';
import { OrderStarted, eventsFrom } from './events.ts';
import type { OrderReceipt } from './orders.ts';
import { orderCalls, orderParties, startedOrder } from './orders.ts';

const DATATOKEN = '0x1111111111111111111111111111111111111111';
const OTHER = '0x2222222222222222222222222222222222222222';
const CONSUMER = '0x3333333333333333333333333333333333333333';
const PAYER = '0x4444444444444444444444444444444444444444';
const HASH = `0x${'aa'.repeat(32)}`;

function log(index: number, name: string, values: readonly unknown[], address = DATATOKEN): EventLog {
  const { topics, data } = erc20Template.encodeEventLog(name, values);
  return { address, topics, data, index, transactionHash: HASH, blockNumber: 5 };
}

const started = (index: number, serviceIndex: number, address?: string): EventLog =>
  log(index, 'OrderStarted', [CONSUMER, PAYER, 10n ** 18n, serviceIndex, 1_700_000_000, OTHER, 5], address);
const reused = (index: number): EventLog => log(index, 'OrderReused', [HASH, PAYER, 1_700_000_000, 5]);
const fee = (index: number, amount: bigint, address?: string, validUntil = 0n): EventLog =>
  log(index, 'ProviderFee', [PAYER, OTHER, amount, '0x', 27, HASH, HASH, validUntil], address);

/** The fee amounts that each call is paired with. */
function paired(logs: readonly EventLog[]): (readonly [string, bigint | undefined])[] {
  return orderCalls(logs, DATATOKEN).map((call) => [call.kind, call.fee?.providerFeeAmount]);
}

function receipt(logs: readonly EventLog[], over: Partial<OrderReceipt> = {}): OrderReceipt {
  const calls = orderCalls(logs, DATATOKEN);
  const where = { transactionHash: HASH, blockNumber: 5, blockHash: HASH, confirmations: 1, chainTime: 0 };
  return {
    ...where,
    isSuccessful: true,
    sender: PAYER,
    calledContract: DATATOKEN,
    datatoken: DATATOKEN,
    calls,
    ...over,
  };
}

describe('orderCalls', () => {
  it('pairs every order with the fee of its own call', () => {
    expect(paired([started(0, 0), fee(1, 10n), reused(5), fee(6, 20n), started(8, 1), fee(9, 30n)])).toEqual([
      ['started', 10n],
      ['reused', 20n],
      ['started', 30n],
    ]);
  });

  it('gives no order the fee of another one', () => {
    expect(paired([started(0, 0), started(1, 1), fee(2, 10n)])).toEqual([
      ['started', undefined],
      ['started', 10n],
    ]);
    expect(paired([fee(0, 10n), started(1, 0)])).toEqual([['started', undefined]]);
  });

  it('sees the datatoken alone, however the address is spelled', () => {
    const logs = [started(0, 0, OTHER), fee(1, 99n), started(2, 0), fee(3, 1n, OTHER), fee(4, 10n)];
    expect(paired(logs)).toEqual([['started', 10n]]);
    const upper = DATATOKEN.toUpperCase().replace('0X', '0x');
    expect(eventsFrom([started(0, 0, upper)], DATATOKEN, OrderStarted)).toHaveLength(1);
  });

  it('reads logs in their order, in whatever order they come', () => {
    expect(paired([fee(9, 30n), started(8, 1), fee(1, 10n), started(0, 0)])).toEqual([
      ['started', 10n],
      ['started', 30n],
    ]);
  });

  it('overlooks bytes that only share a topic', () => {
    expect(
      paired([
        { ...started(0, 0), data: '0x1234' },
        { ...reused(1), topics: [] },
      ]),
    ).toEqual([]);
  });

  it('takes a validity beyond all numbers as the largest', () => {
    const [call] = orderCalls([started(0, 0), fee(1, 1n, DATATOKEN, 2n ** 255n)], DATATOKEN);
    expect(call?.fee?.validUntil).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('startedOrder', () => {
  it('is the first order of the service, so that later logs cannot change the answer', () => {
    const logs = [started(0, 1), fee(1, 5n), started(2, 0), fee(3, 10n), started(4, 0), fee(5, 20n)];
    expect(startedOrder(receipt(logs), 0)?.fee?.providerFeeAmount).toBe(10n);
    expect(startedOrder(receipt(logs), 1)?.fee?.providerFeeAmount).toBe(5n);
    expect(startedOrder(receipt(logs), 2)).toBeUndefined();
  });

  it('is never a reuse', () => {
    expect(startedOrder(receipt([reused(0), fee(1, 10n)]), 0)).toBeUndefined();
  });
});

describe('orderParties', () => {
  const sender = '0x5555555555555555555555555555555555555555';
  const parties = (over: Partial<OrderReceipt>, factory = PAYER): readonly string[] | undefined => {
    const read = receipt([started(0, 0), fee(1, 10n)], over);
    const found = startedOrder(read, 0);
    return found && orderParties(read, found.order, factory);
  };

  it('are consumer and payer, and the sender when he called the factory that paid', () => {
    expect(parties({ sender, calledContract: PAYER })).toEqual([CONSUMER, PAYER, sender]);
  });

  it('never include the sender behind another contract: he may be a relayer', () => {
    expect(parties({ sender })).toEqual([CONSUMER, PAYER]);
    expect(parties({ sender, calledContract: PAYER }, OTHER)).toEqual([CONSUMER, PAYER]);
    expect(parties({ sender, calledContract: OTHER }, PAYER)).toEqual([CONSUMER, PAYER]);
  });
});
