/** Gives its place to the next in the queue; more than once does no harm. */
export type Leave = () => void;

/** A few at once, some in a queue, and no more: what nobody signs for must not grow without bound. */
export class Places {
  readonly #atOnce: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(atOnce: number, mostWaiting: number) {
    this.#atOnce = atOnce;
    this.#mostWaiting = mostWaiting;
  }

  /** First come, first served; undefined at once when the queue is full. */
  take(): Promise<Leave> | undefined {
    if (this.#taken < this.#atOnce) {
      this.#taken++;
      return Promise.resolve(this.#leaveOnce());
    }
    if (this.#waiting.length >= this.#mostWaiting) return undefined;
    return new Promise((resolve) => this.#waiting.push(() => resolve(this.#leaveOnce())));
  }

  #leaveOnce(): Leave {
    let isLeft = false;
    return () => {
      if (isLeft) return;
      isLeft = true;
      // A place that is handed on stays taken.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#taken--;
    };
  }
}
