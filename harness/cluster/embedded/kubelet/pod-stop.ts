import type { Clock, Timer } from '../../../../core/clock.ts';
import type { RunningContainer } from '../launcher/launcher.ts';

export type StopCause = 'deleted' | 'deadline' | 'shutdown';

/**
 * The order to stop a pod: TERM to every container that runs or starts later, KILL when the grace is over.
 * A later, shorter grace takes the place of a longer one.
 */
export class PodStop {
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #running = new Set<RunningContainer>();
  #cause: StopCause | undefined;
  #killAt = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get cause(): StopCause | undefined {
    return this.#cause;
  }

  /** Ends waits (back-offs, pulls) at once. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  request(cause: StopCause, graceMs: number): void {
    const killAt = this.#clock.now() + graceMs;
    const isFirst = this.#cause === undefined;
    this.#cause ??= cause;
    if (isFirst) {
      this.#abort.abort(new Error(`The pod is being stopped: ${cause}.`));
      for (const container of this.#running) container.signal('SIGTERM');
    }
    if (killAt >= this.#killAt) return;
    this.#killAt = killAt;
    this.#timer?.cancel();
    if (graceMs <= 0) this.#kill();
    else this.#timer = this.#clock.after(graceMs, () => this.#kill());
  }

  /** Counts a container as running until it has exited. */
  track(container: RunningContainer): void {
    this.#running.add(container);
    void container.exited.then(() => this.#running.delete(container));
    if (this.#cause === undefined) return;
    container.signal(this.#clock.now() >= this.#killAt ? 'SIGKILL' : 'SIGTERM');
  }

  get runningCount(): number {
    return this.#running.size;
  }

  release(): void {
    this.#timer?.cancel();
  }

  #kill(): void {
    this.#killAt = Math.min(this.#killAt, this.#clock.now());
    for (const container of this.#running) container.signal('SIGKILL');
  }
}
