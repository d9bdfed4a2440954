import type { Clock } from '../../core/clock.ts';
import { WavetankError, isWavetankError, messageOf } from '../../core/errors.ts';
import type { StageTiming } from '../running-testbed.ts';

/** Measures the stages of a start and says which one failed. */
export class Stages {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #signal: AbortSignal | undefined;
  readonly timings: StageTiming[] = [];

  constructor(clock: Clock, signal: AbortSignal | undefined) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#signal = signal;
  }

  get ms(): number {
    return this.#clock.now() - this.#startedAt;
  }

  /** @throws the abort's reason; WavetankError START_FAILED naming the stage, unless the failure explains itself */
  async run<T>(stage: string, work: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    const startedAtMs = this.ms;
    try {
      const result = await work();
      this.timings.push({ stage, startedAtMs, ms: this.ms - startedAtMs });
      this.#signal?.throwIfAborted();
      return result;
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (isWavetankError(error)) throw error;
      throw new WavetankError('START_FAILED', `The ${stage} did not start: ${messageOf(error)}`, { cause: error });
    }
  }
}
