import { describe, expect, test } from 'vitest';
import type { OrderReceipt } from '../../contracts/orders.ts';
import { systemSeams } from '../../core/seams.ts';
import { VirtualClock } from '../../core/virtual-clock.ts';
import { DATATOKEN, STRANGER, USER, assetOf, chainOf } from '../testing/assets.ts';
import { createOrderReader } from './order-reader.ts';

const TX = `0x${'aa'.repeat(32)}`;
const receipt: OrderReceipt = {
  transactionHash: TX,
  blockNumber: 1,
  blockHash: `0x${'01'.repeat(32)}`,
  confirmations: 1,
  chainTime: 0,
  isSuccessful: true,
  sender: USER,
  calledContract: DATATOKEN,
  datatoken: DATATOKEN,
  calls: [],
};

function setup(answers: { receipts: (OrderReceipt | undefined)[]; isDatatoken?: boolean; template?: number }) {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const chain = chainOf({
    isDatatokenOfNft: () => Promise.resolve(answers.isDatatoken ?? true),
    datatokenTemplate: () => Promise.resolve(answers.template ?? 1),
    orderReceipt: (hash) => {
      asked.push(hash);
      return Promise.resolve(answers.receipts[Math.min(asked.length, answers.receipts.length) - 1]);
    },
  });
  const orders = createOrderReader(systemSeams({ clock }));
  return {
    clock,
    asked,
    validate: (hash: string, waitMs: number) =>
      orders.validate(hash, assetOf({ asset: { chain } }), { caller: USER, waitMs }),
  };
}

describe('reading an order', () => {
  test('a datatoken of another data NFT pays for nothing', async () => {
    const { validate } = setup({ receipts: [receipt], isDatatoken: false });
    expect(await validate(TX, 0)).toMatchObject({ ok: false, reason: { code: 'ORDER_DATATOKEN_FOREIGN' } });
    expect(await setup({ receipts: [receipt] }).validate(TX, 0)).toMatchObject({
      ok: false,
      reason: { code: 'ORDER_NOT_FOUND' },
    });
  });

  test.each([
    [1, 'ORDER_NOT_FOUND'],
    [2, 'ORDER_NOT_FOUND'],
    [3, 'DATATOKEN_TEMPLATE_UNSUPPORTED'],
    [4, 'DATATOKEN_TEMPLATE_UNSUPPORTED'],
    [0, 'DATATOKEN_TEMPLATE_UNSUPPORTED'],
  ])('a datatoken of template %i: %s', async (template, code) => {
    const { validate } = setup({ receipts: [receipt], template });
    expect(await validate(TX, 0)).toMatchObject({ ok: false, reason: { code } });
  });

  test('D2: who has not signed waits for nothing', async () => {
    const { validate, asked } = setup({ receipts: [undefined] });
    expect(await validate(TX, 0)).toMatchObject({ ok: false, reason: { code: 'ORDER_TX_NOT_FOUND' } });
    expect(asked).toHaveLength(1);
  });

  test('D2: who has signed waits for a receipt, and not for ever', async () => {
    const late = setup({ receipts: [undefined, undefined, receipt] });
    expect(await settle(late.clock, late.validate(TX, 5000))).toMatchObject({ reason: { code: 'ORDER_NOT_FOUND' } });
    expect(late.asked).toHaveLength(3);
    const never = setup({ receipts: [undefined] });
    const before = never.clock.now();
    expect(await settle(never.clock, never.validate(TX, 5000))).toMatchObject({
      reason: { code: 'ORDER_TX_NOT_FOUND' },
    });
    expect(never.clock.now() - before).toBe(5000);
  });

  test('what is no hash is not even asked for', async () => {
    const { validate, asked } = setup({ receipts: [receipt] });
    for (const hash of ['', '0x12', `0x${'zz'.repeat(32)}`, STRANGER]) {
      expect(await validate(hash, 5000)).toMatchObject({ ok: false, reason: { code: 'ORDER_TX_INVALID' } });
    }
    expect(asked).toEqual([]);
  });

  test('a reuse of nothing', async () => {
    const reuse: OrderReceipt = {
      ...receipt,
      calls: [
        {
          kind: 'reused',
          order: {
            emitter: DATATOKEN,
            transactionHash: TX,
            blockNumber: 1,
            logIndex: 0,
            orderTxId: `0x${'00'.repeat(32)}`,
            caller: USER,
            timestamp: 1,
          },
          fee: undefined,
        },
      ],
    };
    const { validate } = setup({ receipts: [reuse, undefined] });
    expect(await validate(TX, 0)).toMatchObject({ ok: false, reason: { code: 'ORDER_REUSE_INVALID' } });
  });
});

/** Moves the clock on until the work is done. */
async function settle<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const finished = work.finally(() => (isDone = true));
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.pendingTimers > 0) clock.advance(250);
  }
  return finished;
}
