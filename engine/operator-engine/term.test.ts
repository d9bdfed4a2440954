import { expect, test } from 'vitest';
import { seededEntropy } from '../../core/entropy.ts';
import type { Logger } from '../../core/log.ts';
import { silentLogger } from '../../core/log.ts';
import type { RunningResource } from '../../core/resource.ts';
import { runningResource } from '../../core/resource.ts';
import { VirtualClock } from '../../core/virtual-clock.ts';
import { startTerm } from './term.ts';

const controller = (stop: () => Promise<void> = async () => undefined): RunningResource => runningResource({}, stop);

function termLab() {
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  return {
    clock,
    warnings,
    seams: { clock, entropy: seededEntropy('term'), log },
    /** Everything that needs no time has happened. */
    idle: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
}

test('a controller that does not start is tried again, less and less often, for as long as the term lasts', async () => {
  const lab = termLab();
  let starts = 0;
  const start = async (): Promise<RunningResource> => {
    starts++;
    throw new Error('socket hang up');
  };
  const term = startTerm({ seams: lab.seams, start, after: Promise.resolve() });
  await lab.idle();
  expect(starts).toBe(1);
  for (let second = 0; second < 60; second++) {
    lab.clock.advance(1000);
    await lab.idle();
  }
  expect(starts).toBeGreaterThan(10);
  expect(starts).toBeLessThan(25);
  expect(lab.warnings).toHaveLength(starts);
  await term.stop();
  expect(lab.clock.pendingTimers).toBe(0);
});

test('the first that starts stays, and stops with the term', async () => {
  const lab = termLab();
  const stopped: number[] = [];
  let starts = 0;
  const start = async (): Promise<RunningResource> => {
    const number = ++starts;
    if (number < 3) throw new Error('429');
    return controller(async () => void stopped.push(number));
  };
  const term = startTerm({ seams: lab.seams, start, after: Promise.resolve() });
  for (let second = 0; second < 30; second++) {
    await lab.idle();
    lab.clock.advance(1000);
  }
  expect([starts, stopped]).toEqual([3, []]);
  await term.stop();
  expect(stopped).toEqual([3]);
});

test('a term that is over before its controller runs has told it so, and stops what started all the same', async () => {
  const lab = termLab();
  const started = Promise.withResolvers<RunningResource>();
  let isTold = false;
  let isStopped = false;
  const start = (over: AbortSignal): Promise<RunningResource> => {
    over.addEventListener('abort', () => (isTold = true));
    return started.promise;
  };
  const term = startTerm({ seams: lab.seams, start, after: Promise.resolve() });
  await lab.idle();
  const stopping = term.stop();
  expect(isTold).toBe(true);
  started.resolve(controller(async () => void (isStopped = true)));
  await stopping;
  expect(isStopped).toBe(true);
});

test('a controller that cannot be stopped is told in the log, and the next term begins', async () => {
  const lab = termLab();
  const hanging = controller(() => Promise.reject(new Error('reflector did not stop within 10000 ms.')));
  const first = startTerm({ seams: lab.seams, start: async () => hanging, after: Promise.resolve() });
  await lab.idle();
  let isNextAtWork = false;
  const next = async (): Promise<RunningResource> => {
    isNextAtWork = true;
    return controller();
  };
  const second = startTerm({ seams: lab.seams, start: next, after: first.stop() });
  await lab.idle();
  expect(isNextAtWork).toBe(true);
  expect(lab.warnings).toEqual(['the controller did not stop cleanly']);
  await second.stop();
});
