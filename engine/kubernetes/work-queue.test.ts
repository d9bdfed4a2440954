import { test } from 'vitest';
import { seededEntropy } from '../../core/entropy.ts';
import { silentLogger } from '../../core/log.ts';
import { VirtualClock } from '../../core/virtual-clock.ts';
import type { WorkResult } from './work-queue.ts';
import { WorkQueue } from './work-queue.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function makeQueue(
  run: (key: string) => Promise<WorkResult>,
  concurrency = 2,
): { queue: WorkQueue; clock: VirtualClock } {
  const clock = new VirtualClock();
  const seams = { clock, entropy: seededEntropy(1), log: silentLogger };
  const queue = new WorkQueue({ seams, name: 'test', concurrency, run, backoff: { firstMs: 100, longestMs: 400 } });
  queue.open();
  return { queue, clock };
}

test('a key is in work once at a time, and again when it was added meanwhile', async ({ expect }) => {
  const runs: string[] = [];
  let release: () => void = () => undefined;
  const { queue } = makeQueue((key) => {
    runs.push(key);
    return new Promise((resolve) => (release = () => resolve()));
  });
  queue.add('a');
  queue.add('a');
  await turn();
  expect(runs).toEqual(['a']);
  queue.add('a');
  queue.add('a');
  await turn();
  expect(runs).toEqual(['a']);
  release();
  await turn();
  expect(runs).toEqual(['a', 'a']);
  release();
  await turn();
  expect(runs).toEqual(['a', 'a']);
});

test('E8: no more workers than asked for, and nothing runs without a reason', async ({ expect }) => {
  let running = 0;
  let most = 0;
  const { queue, clock } = makeQueue(async () => {
    most = Math.max(most, ++running);
    await turn();
    running--;
  }, 3);
  for (let i = 0; i < 20; i++) queue.add(`k${i}`);
  for (let i = 0; i < 30; i++) await turn();
  expect(most).toBe(3);
  expect(queue.depth).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test('a failure is tried again with growing waits, a success forgets them', async ({ expect }) => {
  const at: number[] = [];
  let failures = 3;
  const { queue, clock } = makeQueue(() => {
    at.push(clock.now());
    return failures-- > 0 ? Promise.reject(new Error('no')) : Promise.resolve({ requeueAfterMs: 1000 });
  });
  const start = clock.now();
  queue.add('a');
  await turn();
  for (let i = 0; i < 200; i++) {
    clock.advance(10);
    await turn();
  }
  const waits = at.map((time, i) => time - (at[i - 1] ?? start));
  expect(at.length).toBe(5);
  expect(waits[1]).toBeGreaterThanOrEqual(50);
  expect(waits[2]).toBeGreaterThanOrEqual(100);
  expect(waits[3]).toBeGreaterThanOrEqual(200);
  expect(waits[4]).toBe(1000);
});

test('of several waits the shortest holds, and stop cancels all', async ({ expect }) => {
  const runs: string[] = [];
  const { queue, clock } = makeQueue((key) => {
    runs.push(key);
    return Promise.resolve();
  });
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 900);
  clock.advance(100);
  await turn();
  expect(runs).toEqual(['a']);
  queue.addAfter('b', 10);
  await queue.stop();
  clock.advance(1000);
  queue.add('c');
  await turn();
  expect(runs).toEqual(['a']);
  expect(clock.pendingTimers).toBe(0);
});

test('nothing runs before the queue is open', async ({ expect }) => {
  const runs: string[] = [];
  const clock = new VirtualClock();
  const seams = { clock, entropy: seededEntropy(1), log: silentLogger };
  const queue = new WorkQueue({
    seams,
    name: 'test',
    concurrency: 1,
    run: (key) => Promise.resolve(void runs.push(key)),
  });
  queue.add('a');
  await turn();
  expect(runs).toEqual([]);
  queue.open();
  await turn();
  expect(runs).toEqual(['a']);
});
