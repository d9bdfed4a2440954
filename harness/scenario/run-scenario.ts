import type { Clock } from '../../core/clock.ts';
import { messageOf, WavetankError } from '../../core/errors.ts';
import type { ClusterCapabilities } from '../cluster/cluster.ts';
import type { Checks } from './checks.ts';
import { createChecks, StepCannotGoOn } from './checks.ts';
import type { CheckResult, Outcome } from './events.ts';
import { INTERRUPTED } from './events.ts';
import type { Trace } from './trace.ts';

/** Runs one titled step of a story. When a step cannot go on, the later ones are reported as skipped, with that reason. */
export type Step = (title: string, work: (check: Checks) => Promise<void>) => Promise<void>;

export interface StoryOptions {
  readonly clock: Clock;
  readonly trace: Trace;
  readonly capabilities: ClusterCapabilities;
  /** Aborted on Ctrl-C and when the scenario's time is over. */
  readonly signal: AbortSignal;
}

export interface StoryResult {
  readonly outcome: Outcome;
  readonly reason?: string;
}

/**
 * Tells a story to its end.
 * @throws what aborted `signal` (time-out, Ctrl-C), and a mistake in what the user gave (category `usage`); every other failure is in the result.
 */
export async function runStory(tell: (step: Step) => Promise<void>, options: StoryOptions): Promise<StoryResult> {
  const { trace, signal } = options;
  let index = 0;
  let brokenBy: string | undefined;
  const outcomes: Outcome[] = [];
  let lastStep: Promise<void> = Promise.resolve();

  const step: Step = (title, work) => (lastStep = runNumbered(title, work));
  const runNumbered: Step = async (title, work) => {
    // What a story goes on with after it was given up is nobody's any more.
    signal.throwIfAborted();
    const number = ++index;
    trace.emit({ type: 'step.started', index: number, step: title });
    const result = brokenBy ? skippedBecause(brokenBy) : await runStep(title, work, options);
    outcomes.push(result.outcome);
    if (result.broke) brokenBy = `step ${number} could not go on: ${result.reason}`;
    trace.emit({
      type: 'step.ended',
      index: number,
      step: title,
      outcome: result.outcome,
      ...(result.reason ? { reason: result.reason } : {}),
      ms: result.ms,
    });
    signal.throwIfAborted();
  };

  try {
    await abortable(tell(step), signal);
  } catch (error) {
    // The step that was cut short still says so.
    if (signal.aborted) await Promise.allSettled([lastStep]);
    signal.throwIfAborted();
    if (error instanceof WavetankError && error.category === 'usage') throw error;
    return { outcome: 'failed', reason: messageOf(error) };
  }
  if (outcomes.includes('failed')) return { outcome: 'failed', ...(brokenBy ? { reason: brokenBy } : {}) };
  return { outcome: outcomes.includes('passed') ? 'passed' : 'skipped' };
}

interface StepResult {
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly broke: boolean;
  readonly ms: number;
}

function skippedBecause(reason: string): StepResult {
  return { outcome: 'skipped', reason, broke: false, ms: 0 };
}

async function runStep(
  title: string,
  work: (check: Checks) => Promise<void>,
  options: StoryOptions,
): Promise<StepResult> {
  const { clock, trace, capabilities, signal } = options;
  const startedAt = clock.now();
  const results: CheckResult[] = [];
  const checks = createChecks({
    capabilities,
    check(check) {
      // A call that fails because everything is being stopped is no failed check.
      if (signal.aborted) return;
      results.push(check);
      trace.emit({ type: 'check', step: title, check });
    },
    figure(name, value) {
      if (!signal.aborted) trace.emit({ type: 'figure', step: title, name, value });
    },
  });
  let brokenBy: string | undefined;
  try {
    await abortable(work(checks), signal);
  } catch (error) {
    if (signal.aborted) return { ...skippedBecause(INTERRUPTED), ms: clock.now() - startedAt };
    brokenBy = messageOf(error);
    if (!(error instanceof StepCannotGoOn)) checks.that('the step ran to its end', false, describe(error));
  }
  return {
    ...summarise(results),
    ...(brokenBy ? { reason: brokenBy } : {}),
    broke: brokenBy !== undefined,
    ms: clock.now() - startedAt,
  };
}

/** A step without a single check that ran proved nothing, and says so. */
function summarise(results: readonly CheckResult[]): { outcome: Outcome; reason?: string } {
  if (results.some((check) => check.outcome === 'failed')) return { outcome: 'failed' };
  if (results.some((check) => check.outcome === 'passed')) return { outcome: 'passed' };
  return { outcome: 'skipped', reason: results[0]?.reason ?? 'the step made no check' };
}

function describe(error: unknown): unknown {
  if (error instanceof WavetankError)
    return { code: error.code, message: error.message, hint: error.hint, details: error.details };
  return messageOf(error);
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
