import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ComputeJob, JobPhase } from '../../core/protocol/job-status.ts';
import { JOB_STATUS } from '../../core/protocol/job-status.ts';
import { applyOutcome } from '../compute/run-settlement.ts';
import { USER } from '../testing/assets.ts';
import { openStateDatabase } from './database.ts';
import type { Reservation } from './usage-ledger.ts';
import { createUsageLedger, orderKeyOf } from './usage-ledger.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'usage-ledger-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const fresh = () => createUsageLedger(openStateDatabase(':memory:'));
const reservation = (jobId: string, ...orderKeys: string[]): Reservation => ({
  jobId,
  provider: USER,
  owner: USER,
  chainId: 8996,
  orderKeys,
  now: 1,
});

describe('P9: the usage ledger', () => {
  test('one run at a time per order, any number one after another', () => {
    const ledger = fresh();
    expect(ledger.reserve(reservation('a', 'o1'))).toEqual({ reserved: true });
    expect(ledger.reserve(reservation('b', 'o1'))).toMatchObject({
      reserved: false,
      blockedBy: { jobId: 'a', state: 'reserved' },
    });
    ledger.confirm('a', 2);
    expect(ledger.reserve(reservation('b', 'o1'))).toMatchObject({ blockedBy: { state: 'confirmed' } });
    ledger.end('a', 3);
    expect(ledger.reserve(reservation('b', 'o1'))).toEqual({ reserved: true });
    expect(ledger.countOf('o1')).toBe(2);
  });

  test('a run that is given back does not count', () => {
    const ledger = fresh();
    ledger.reserve(reservation('a', 'o1'));
    ledger.giveBack('a', 2);
    expect(ledger.countOf('o1')).toBe(0);
    expect(ledger.reserve(reservation('b', 'o1'))).toEqual({ reserved: true });
  });

  test('all orders or none', () => {
    const ledger = fresh();
    ledger.reserve(reservation('a', 'o2'));
    expect(ledger.reserve(reservation('b', 'o1', 'o2'))).toMatchObject({ reserved: false });
    expect(ledger.reserve(reservation('c', 'o1'))).toEqual({ reserved: true });
  });

  test('the same job again is the same reservation, until it is settled', () => {
    const ledger = fresh();
    ledger.reserve(reservation('a', 'o1'));
    expect(ledger.reserve(reservation('a', 'o1'))).toEqual({ reserved: true });
    ledger.end('a', 2);
    expect(ledger.reserve(reservation('a', 'o1'))).toMatchObject({ reserved: false });
  });

  test('what has ended is not given back later', () => {
    const ledger = fresh();
    ledger.reserve(reservation('a', 'o1'));
    ledger.end('a', 2);
    ledger.giveBack('a', 3);
    expect(ledger.find('a')?.state).toBe('ended');
  });

  test('a reused order is the order that was started', () => {
    const order = { chainId: 1, startTx: '0xAB', datatoken: USER, serviceIndex: 0 };
    expect(orderKeyOf(order)).toBe(orderKeyOf({ ...order, startTx: '0xab', datatoken: USER.toLowerCase() }));
    expect(orderKeyOf(order)).not.toBe(orderKeyOf({ ...order, serviceIndex: 1 }));
  });

  test('what a killed process had reserved is there for the next', () => {
    const file = path.join(dir, 'ledger.sqlite');
    const killed = openStateDatabase(file);
    createUsageLedger(killed).reserve(reservation('a', 'o1'));
    const next = openStateDatabase(file);
    expect(createUsageLedger(next).unsettled()).toMatchObject([{ jobId: 'a', owner: USER, chainId: 8996 }]);
    killed.close();
    next.close();
  });

  test('whatever happens over two connections, no order ever has two open runs', () => {
    const file = path.join(dir, 'property.sqlite');
    const databases = [openStateDatabase(file), openStateDatabase(file)];
    const ledgers = databases.map(createUsageLedger);
    const step = fc.record({
      ledger: fc.nat(1),
      job: fc.nat(5),
      orders: fc.uniqueArray(fc.nat(2), { minLength: 1 }),
      act: fc.constantFrom('reserve', 'confirm', 'end', 'giveBack'),
    });
    let round = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const prefix = `${round++}-`;
        for (const { ledger: at, job, orders, act } of steps) {
          const ledger = ledgers[at] ?? createUsageLedger(databases[0] as never);
          const jobId = `${prefix}${job}`;
          if (act === 'reserve') ledger.reserve(reservation(jobId, ...orders.map((order) => `${prefix}${order}`)));
          else ledger[act as 'confirm' | 'end' | 'giveBack'](jobId, 2);
        }
        const open = databases[0]?.sql
          .prepare(
            `SELECT order_key, count(*) AS n FROM run_orders JOIN runs USING (job_id) WHERE state IN ('reserved', 'confirmed') GROUP BY order_key HAVING n > 1`,
          )
          .all();
        expect(open).toEqual([]);
      }),
      { numRuns: 40 },
    );
    databases.forEach((database) => database.close());
  });
});

describe('what became of a run', () => {
  const job = (phase: JobPhase): ComputeJob => ({
    agreementId: '0x',
    jobId: 'a',
    owner: USER,
    status: JOB_STATUS[phase].code,
    statusText: '',
    dateCreated: '1',
    dateFinished: 'isEnd' in JOB_STATUS[phase] ? '2' : null,
    results: '',
    stopreq: 0,
    removed: 0,
    algoDID: '',
    inputDID: [],
  });
  test.each<[string, ComputeJob | undefined, 'reserved' | 'confirmed', string, boolean]>([
    ['reserved and unknown: it never arrived', undefined, 'reserved', 'given_back', true],
    ['confirmed and unknown: it ended and was removed', undefined, 'confirmed', 'ended', true],
    ['running', job('runningAlgorithm'), 'reserved', 'confirmed', false],
    ['finished', job('finished'), 'confirmed', 'ended', true],
    ['its algorithm failed: it ran', job('algorithmFailed'), 'confirmed', 'ended', true],
    ['stopped by its owner', job('stopped'), 'confirmed', 'ended', true],
    ['interrupted', job('interrupted'), 'confirmed', 'given_back', true],
    ['isolation unavailable', job('isolationUnavailable'), 'confirmed', 'given_back', true],
    ['its data could not be had', job('dataProvisioningFailed'), 'confirmed', 'given_back', true],
  ])('%s', (_name, found, before, after, isFree) => {
    const ledger = fresh();
    ledger.reserve(reservation('a', 'o1'));
    if (before === 'confirmed') ledger.confirm('a', 1);
    const run = ledger.find('a');
    expect(run && applyOutcome(ledger, run, found, 3)).toBe(isFree);
    expect(ledger.find('a')?.state).toBe(after);
  });
});
