import { WavetankError } from './errors.ts';
import { systemClock } from './clock.ts';

/** Something that runs and can be stopped. `stop` is idempotent: concurrent calls share one promise. */
export interface RunningResource extends AsyncDisposable {
  stop(): Promise<void>;
}

/** Gives `stop` its promised manners and adds `await using`. */
export function runningResource<Facts extends object>(
  facts: Facts,
  stop: () => Promise<void>,
): Facts & RunningResource {
  let stopping: Promise<void> | undefined;
  const stopOnce = (): Promise<void> => (stopping ??= stop());
  return Object.assign(facts, { stop: stopOnce, [Symbol.asyncDispose]: stopOnce });
}

interface Undo {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/** Undoes what was started, strictly in reverse; every undo runs, each within its own budget. */
export class ResourceStack implements AsyncDisposable {
  readonly #undos: Undo[] = [];
  readonly #budgetMs: number;
  #stopping: Promise<void> | undefined;

  constructor(options: { budgetMs?: number } = {}) {
    this.#budgetMs = options.budgetMs ?? 10_000;
  }

  /** Registers an undo. Call it before starting what it undoes, so that Ctrl-C finds no gap. */
  defer(name: string, run: () => Promise<void> | void): void {
    if (this.#stopping)
      throw new WavetankError('ALREADY_STOPPING', `Cannot start ${name}: everything is being stopped.`);
    this.#undos.push({ name, run });
  }

  /** Starts a resource and stops it with the stack, also when the start is still under way at that moment. */
  async start<R extends RunningResource>(name: string, start: () => Promise<R>): Promise<R> {
    const { promise, resolve } = Promise.withResolvers<R | undefined>();
    this.defer(name, async () => {
      const running = await promise;
      await running?.stop();
    });
    try {
      const running = await start();
      resolve(running);
      return running;
    } catch (error) {
      resolve(undefined);
      throw error;
    }
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stopAll());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stopAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const undo of this.#undos.toReversed()) {
      try {
        await within(this.#budgetMs, undo.name, async () => undo.run());
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'Several parts could not be stopped.');
  }
}

async function within(budgetMs: number, name: string, work: () => Promise<void>): Promise<void> {
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const timer = systemClock.after(budgetMs, () =>
    reject(new WavetankError('STOP_TIMEOUT', `${name} did not stop within ${budgetMs} ms.`)),
  );
  try {
    await Promise.race([work(), overdue]);
  } finally {
    timer.cancel();
  }
}
