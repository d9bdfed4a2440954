import type { Seams } from '../../core/seams.ts';
import type { Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Backoff } from './backoff.ts';

/** What a run says about its key: nothing, or when to look again. A rejected run is tried again with growing waits. */
export type WorkResult = { readonly requeueAfterMs?: number } | undefined | void;

export interface WorkQueueOptions {
  readonly seams: Pick<Seams, 'clock' | 'entropy' | 'log'>;
  readonly name: string;
  /** How many keys are worked on at once. */
  readonly concurrency: number;
  readonly run: (key: string) => Promise<WorkResult>;
  readonly backoff?: { readonly firstMs: number; readonly longestMs: number };
}

/**
 * Keys to work on: each at most once in the queue and once in work. A key added while it is worked on runs again
 * afterwards; that is what makes "something changed" enough of a message.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();
  readonly #later = new Map<string, { at: number; timer: Timer }>();
  readonly #failures = new Map<string, Backoff>();
  readonly #idle: (() => void)[] = [];
  #isOpen = false;
  #isStopped = false;
  #isDraining = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait for a worker, not those that wait for their time. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Lets the workers begin; what was added before waits until then. */
  open(): void {
    this.#isOpen = true;
    this.#drainSoon();
  }

  add(key: string): void {
    if (this.#isStopped) return;
    if (this.#running.has(key)) this.#again.add(key);
    else this.#waiting.add(key);
    this.#drainSoon();
  }

  /** Adds the key after `ms`; of several waits for one key the shortest holds. */
  addAfter(key: string, ms: number): void {
    if (this.#isStopped) return;
    const { clock } = this.#options.seams;
    const at = clock.now() + ms;
    const pending = this.#later.get(key);
    if (pending !== undefined && pending.at <= at) return;
    pending?.timer.cancel();
    const timer = clock.after(ms, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { at, timer });
  }

  /** Takes no more, cancels what waits, and resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#waiting.clear();
    this.#again.clear();
    for (const { timer } of this.#later.values()) timer.cancel();
    this.#later.clear();
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** In a microtask: several changes of one turn of the event loop become one run. */
  #drainSoon(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    queueMicrotask(() => {
      this.#isDraining = false;
      this.#drain();
    });
  }

  #drain(): void {
    if (!this.#isOpen) return;
    for (const key of this.#waiting) {
      if (this.#running.size >= this.#options.concurrency) return;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    const { run, seams, name } = this.#options;
    try {
      const result = await run(key);
      this.#failures.delete(key);
      if (result?.requeueAfterMs !== undefined) this.addAfter(key, result.requeueAfterMs);
    } catch (error) {
      if (!this.#isStopped) {
        const waitMs = this.#failureOf(key).nextMs();
        seams.log.warn('work failed and is tried again', { queue: name, key, reason: messageOf(error), waitMs });
        this.addAfter(key, waitMs);
      }
    } finally {
      this.#running.delete(key);
      if (this.#again.delete(key)) this.#waiting.add(key);
      if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
      this.#drainSoon();
    }
  }

  #failureOf(key: string): Backoff {
    const { backoff, seams } = this.#options;
    const known = this.#failures.get(key);
    if (known !== undefined) return known;
    const made = new Backoff({
      entropy: seams.entropy,
      firstMs: backoff?.firstMs ?? 10,
      longestMs: backoff?.longestMs ?? 30_000,
    });
    this.#failures.set(key, made);
    return made;
  }
}
