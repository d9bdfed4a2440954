import type { StateDatabase } from './database.ts';

/** reserved: before the Operator Service is asked · confirmed: it has the job · ended · given back: it never counted. */
export type RunState = 'reserved' | 'confirmed' | 'ended' | 'given_back';

export interface Run {
  readonly jobId: string;
  /** Address of the chain's signer: which Operator identity has the job. */
  readonly provider: string;
  readonly owner: string;
  readonly chainId: number;
  readonly state: RunState;
  /** Milliseconds since the epoch. */
  readonly reservedAt: number;
}

export interface Reservation {
  readonly jobId: string;
  readonly provider: string;
  readonly owner: string;
  readonly chainId: number;
  /** `orderKeyOf` of every order that the run takes for itself. */
  readonly orderKeys: readonly string[];
  readonly now: number;
}

/**
 * Which order pays for which run, durably: one run at a time per order, any number one after another.
 * A reservation is all or nothing and is on disk before the Operator Service hears of the job.
 */
export interface UsageLedger {
  /** `blockedBy` is the open run that has one of the orders. Reserving the same job twice is no conflict. */
  reserve(
    reservation: Reservation,
  ): { readonly reserved: true } | { readonly reserved: false; readonly blockedBy: Run };
  /** The Operator Service has the job. */
  confirm(jobId: string, now: number): void;
  /** The job has ended and its run counts: its orders are free for the next. */
  end(jobId: string, now: number): void;
  /** The run never took place, or was interrupted by us: its orders are free and it does not count. */
  giveBack(jobId: string, now: number): void;
  find(jobId: string): Run | undefined;
  /** Reserved and never settled: what a crash left behind. */
  unsettled(): readonly Run[];
  /** Runs of an order that count. */
  countOf(orderKey: string): number;
}

export interface OrderIdentity {
  readonly chainId: number;
  /** Transaction of startOrder, also when the order was reused since. */
  readonly startTx: string;
  readonly datatoken: string;
  readonly serviceIndex: number;
}

export function orderKeyOf(order: OrderIdentity): string {
  return [order.chainId, order.startTx.toLowerCase(), order.datatoken.toLowerCase(), order.serviceIndex].join(':');
}

interface RunRow {
  readonly job_id: string;
  readonly provider: string;
  readonly owner: string;
  readonly chain_id: number;
  readonly state: RunState;
  readonly reserved_at: number;
}

export function createUsageLedger(database: StateDatabase): UsageLedger {
  const { sql } = database;
  const insertRun = sql.prepare(
    `INSERT INTO runs (job_id, provider, owner, chain_id, state, reserved_at, changed_at) VALUES (?, ?, ?, ?, 'reserved', ?, ?)`,
  );
  const insertOrder = sql.prepare('INSERT INTO run_orders (order_key, job_id, is_open) VALUES (?, ?, 1)');
  const selectRun = sql.prepare('SELECT * FROM runs WHERE job_id = ?');
  const selectOpen = sql.prepare(
    'SELECT runs.* FROM run_orders JOIN runs USING (job_id) WHERE run_orders.order_key = ? AND run_orders.is_open = 1',
  );
  const selectUnsettled = sql.prepare(`SELECT * FROM runs WHERE state = 'reserved' ORDER BY reserved_at LIMIT 1000`);
  const countRuns = sql.prepare(
    `SELECT count(*) AS n FROM run_orders JOIN runs USING (job_id) WHERE order_key = ? AND state != 'given_back'`,
  );
  const confirmRun = sql.prepare(
    `UPDATE runs SET state = 'confirmed', changed_at = ? WHERE job_id = ? AND state = 'reserved'`,
  );
  const settleRun = sql.prepare(
    `UPDATE runs SET state = ?, changed_at = ? WHERE job_id = ? AND state IN ('reserved', 'confirmed')`,
  );
  const closeOrders = sql.prepare('UPDATE run_orders SET is_open = 0 WHERE job_id = ?');

  const settle = (jobId: string, state: RunState, now: number): void =>
    database.atomically(() => {
      if (Number(settleRun.run(state, now, jobId).changes) === 1) closeOrders.run(jobId);
    });

  return {
    reserve: (reservation) =>
      database.atomically(() => {
        if (selectRun.get(reservation.jobId) !== undefined) return reserveAgain(reservation.jobId);
        const keys = [...new Set(reservation.orderKeys)];
        for (const key of keys) {
          const open = selectOpen.get(key) as RunRow | undefined;
          if (open) return { reserved: false, blockedBy: runOf(open) };
        }
        const { jobId, provider, owner, chainId, now } = reservation;
        insertRun.run(jobId, provider, owner, chainId, now, now);
        for (const key of keys) insertOrder.run(key, jobId);
        return { reserved: true };
      }),
    confirm: (jobId, now) => void confirmRun.run(now, jobId),
    end: (jobId, now) => settle(jobId, 'ended', now),
    giveBack: (jobId, now) => settle(jobId, 'given_back', now),
    find: (jobId) => {
      const row = selectRun.get(jobId) as RunRow | undefined;
      return row && runOf(row);
    },
    unsettled: () => (selectUnsettled.all() as unknown as RunRow[]).map(runOf),
    countOf: (orderKey) => (countRuns.get(orderKey) as { n: number }).n,
  };

  function reserveAgain(jobId: string): ReturnType<UsageLedger['reserve']> {
    const run = runOf(selectRun.get(jobId) as unknown as RunRow);
    return run.state === 'reserved' ? { reserved: true } : { reserved: false, blockedBy: run };
  }
}

function runOf(row: RunRow): Run {
  return {
    jobId: row.job_id,
    provider: row.provider,
    owner: row.owner,
    chainId: row.chain_id,
    state: row.state,
    reservedAt: row.reserved_at,
  };
}
