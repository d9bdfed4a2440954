import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { systemClock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { FuzzLab } from './fuzz-lab.ts';
import { startFuzzLab } from './fuzz-lab.ts';
import { operatorRequest } from './operator-requests.ts';
import { providerRequest } from './provider-requests.ts';
import { rawBytes } from './raw-requests.ts';
import type { FuzzSender } from './send.ts';
import { createSender } from './send.ts';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** Replays the one counterexample that a failed run named. */
  readonly path?: string | undefined;
  /** Told of every thousand requests. */
  readonly progress?: ((report: Omit<FuzzReport, 'failure'>) => void) | undefined;
  /** Told at once of the first thing that did not hold: looking for the smallest counterexample takes its time. */
  readonly failing?: ((problem: string, requests: number) => void) | undefined;
}

export interface FuzzReport {
  readonly requests: number;
  readonly seconds: number;
  /** How often each answer came, by service, status and code. */
  readonly answers: ReadonlyMap<string, number>;
  /** Connections that the Provider opened; none of them to an address that the policy forbids. */
  readonly dials: number;
  /** Heap after collection, in MiB: when a fifth of the requests were through, and at the end. */
  readonly warmHeapMib: number;
  readonly heapMib: number;
  readonly failure: FuzzFailure | undefined;
}

export interface FuzzFailure {
  readonly problem: string;
  readonly counterexample: string;
  readonly path: string;
}

/** Requests that are under way at the same time. */
const AT_ONCE = 250;

const step = fc.oneof(
  { weight: 40, arbitrary: providerRequest.map((request) => ({ to: 'provider' as const, request })) },
  { weight: 12, arbitrary: operatorRequest.map((request) => ({ to: 'operator' as const, request })) },
  {
    weight: 1,
    arbitrary: fc.record({
      to: fc.constant('raw' as const),
      service: fc.constantFrom('provider' as const, 'operator' as const),
      request: rawBytes,
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/**
 * Sends random requests to every route of a Provider and an Operator Service. After each handful it holds: all were
 * answered, every answer is in the OpenAPI document, nothing was logged as a fault, nobody dialled an address that the
 * policy forbids, nothing was thrown that nobody caught.
 */
export async function runFuzz({ requests, seed, path, progress, failing }: FuzzOptions): Promise<FuzzReport> {
  const lab = await startFuzzLab();
  const sender = createSender(lab);
  const uncaught: string[] = [];
  const onUncaught = (error: unknown): void => void uncaught.push(messageOf(error));
  process.on('unhandledRejection', onUncaught);
  process.on('uncaughtExceptionMonitor', onUncaught);
  const answers = new Map<string, number>();
  const startedAt = systemClock.now();
  let sent = 0;
  let warmHeapMib = 0;
  const report = (): Omit<FuzzReport, 'failure'> => ({
    requests: sent,
    seconds: (systemClock.now() - startedAt) / 1000,
    answers,
    dials: lab.observed.dials(),
    warmHeapMib,
    heapMib: heapMib(),
  });
  try {
    const handful = async (steps: readonly Step[]): Promise<void> => {
      const names = await allOf(steps.map((each) => take(sender, each)));
      for (const name of names) answers.set(name, (answers.get(name) ?? 0) + 1);
      const before = sent;
      sent += steps.length;
      forgetJobs(lab);
      if (warmHeapMib === 0 && sent >= requests / 5) warmHeapMib = await collectedHeapMib();
      if (progress && Math.floor(before / 1000) < Math.floor(sent / 1000))
        progress({ ...report(), heapMib: await collectedHeapMib() });
      const problems = problemsOf(lab, uncaught);
      if (problems.length > 0) throw new Error(problems.join('\n'));
    };
    let hasFailed = false;
    const property = fc.asyncProperty(fc.array(step, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (steps) => {
      try {
        await handful(steps);
      } catch (error) {
        if (!hasFailed) failing?.(messageOf(error), sent);
        hasFailed = true;
        throw error;
      }
    });
    const details = await fc.check(property, {
      seed,
      numRuns: path === undefined ? Math.ceil(requests / AT_ONCE) : 1,
      ...(path === undefined ? {} : { path }),
    });
    const failure = details.failed
      ? {
          problem: messageOf(details.errorInstance),
          counterexample: shortened(fc.stringify(details.counterexample)),
          path: details.counterexamplePath ?? '',
        }
      : undefined;
    const end = await collectedHeapMib();
    return { ...report(), heapMib: end, failure };
  } finally {
    await sender.close();
    await lab.stop();
    process.off('unhandledRejection', onUncaught);
    process.off('uncaughtExceptionMonitor', onUncaught);
  }
}

/** Ends when all have ended, whatever became of each: the next handful must not meet what this one left. */
async function allOf(work: readonly Promise<string>[]): Promise<string[]> {
  const failed = (await Promise.allSettled(work)).find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason as Error;
  return Promise.all(work);
}

async function take(sender: FuzzSender, each: Step): Promise<string> {
  switch (each.to) {
    case 'provider':
      return `provider ${await sender.provider(each.request)}`;
    case 'operator':
      return `operator ${await sender.operator(each.request)}`;
    case 'raw':
      return `${each.service} raw ${await sender.raw(each.service, each.request)}`;
  }
}

function problemsOf(lab: FuzzLab, uncaught: string[]): string[] {
  const faults = lab.faults.splice(0).filter(({ fields }) => fields['status'] !== 502);
  return [
    ...lab.lab.answers.take(),
    ...lab.operator.answers.take(),
    ...faults.map(({ message, fields }) => `logged: ${message} ${JSON.stringify(fields)}`),
    ...lab.observed.takeForbidden().map((dial) => `dialled ${dial}`),
    ...lab.canary.hits.splice(0).map((hit) => `the canary was reached: ${hit}`),
    ...uncaught.splice(0).map((problem) => `uncaught: ${problem}`),
  ];
}

/** Jobs of the double end at once, and only the first one is kept: its memory is not what is measured. */
function forgetJobs({ lab, world }: FuzzLab): void {
  lab.operator.started.length = 0;
  lab.operator.unsigned.length = 0;
  for (const jobId of lab.operator.jobs.keys()) {
    if (jobId === world.jobId) continue;
    lab.operator.moveTo(jobId, 'finished');
    if (lab.operator.jobs.size > 20) lab.operator.jobs.delete(jobId);
  }
}

function heapMib(): number {
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function collectedHeapMib(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) {
    await setImmediate();
    collect();
  }
  return heapMib();
}

/** Long texts are told by their beginning: the path replays the whole. */
function shortened(text: string): string {
  return text.replaceAll(/(.)\1{40,}/g, (run: string) => `${run.slice(0, 10)}…(${run.length})`).slice(0, 4000);
}
