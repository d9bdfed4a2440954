import fc from 'fast-check';
import { test } from 'vitest';
import type { WorkFlow, WorkFlowStatus } from '../api/workflow.ts';
import { AdmissionQueue } from './admission-queue.ts';
import { modelWorkflow } from '../api/testing/model-workflow.ts';

function job(owner: string, second: number, status?: Partial<WorkFlowStatus>): WorkFlow {
  const made = modelWorkflow({ owner }, status === undefined ? undefined : { phase: 'warmingUp', ...status });
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
  return { ...made, metadata: { ...made.metadata, creationTimestamp } };
}

const at = '2026-01-01T00:00:00.000Z';

test('E17: first come, first served', ({ expect }) => {
  const order: string[] = [];
  const queue = new AdmissionQueue(
    () => 1,
    (key) => order.push(key),
  );
  queue.open();
  for (const [key, second] of [
    ['a', 0],
    ['c', 3],
    ['b', 1],
    ['d', 4],
  ] as const)
    queue.update(key, job('x', second));
  for (const key of ['a', 'b', 'c', 'd']) queue.update(key, job('x', 0, { acceptedAt: at, finishedAt: at }));
  expect(order).toEqual(['a', 'b', 'c', 'd']);
});

test('E17: the owner with the fewest running jobs is next', ({ expect }) => {
  const order: string[] = [];
  const queue = new AdmissionQueue(
    () => 2,
    (key) => order.push(key),
  );
  for (const key of ['a1', 'a2', 'a3']) queue.update(key, job('A', 0));
  queue.update('b1', job('B', 9));
  queue.open();
  expect(order).toEqual(['a1', 'b1']);
  queue.update('a1', undefined);
  expect(order).toEqual(['a1', 'b1', 'a2']);
});

test('E1: what runs already counts, before anybody is let in', ({ expect }) => {
  const queue = new AdmissionQueue(
    () => 1,
    () => undefined,
  );
  queue.update('new', job('x', 0));
  queue.update('old', job('x', 9, { acceptedAt: at }));
  queue.open();
  expect(queue.isAdmitted('new')).toBe(false);
  queue.update('old', job('x', 9, { acceptedAt: at, finishedAt: at }));
  expect(queue.isAdmitted('new')).toBe(true);
});

test('E5: no history of jobs leaks a place or lets too many in', ({ expect }) => {
  const step = fc.record({
    key: fc.nat(7),
    owner: fc.constantFrom('A', 'B'),
    what: fc.constantFrom('seen', 'accepted', 'finished', 'gone'),
  });
  const history = fc.array(step, { maxLength: 60 });
  const result = fc.check(
    fc.property(history, (steps) => {
      const queue = new AdmissionQueue(
        () => 2,
        () => undefined,
      );
      queue.open();
      const finished = new Set<number>();
      for (const { key, owner, what } of steps) {
        if (finished.has(key)) continue;
        if (what === 'accepted' && !queue.isAdmitted(String(key))) continue;
        if (what === 'finished' || what === 'gone') finished.add(key);
        const status = what === 'accepted' ? { acceptedAt: at } : what === 'finished' ? { finishedAt: at } : {};
        queue.update(String(key), what === 'gone' ? undefined : job(owner, key, status));
        const running = [...Array(8).keys()].filter((one) => queue.isAdmitted(String(one))).length;
        if (running > 2 || (queue.waitingCount > 0 && running < 2)) return false;
      }
      return true;
    }),
    { numRuns: 500, seed: 7 },
  );
  expect(result.failed ? fc.defaultReportMessage(result) : undefined).toBeUndefined();
});
