import type { Clock, Timer } from './clock.ts';
import { sleepOn } from './clock.ts';

interface Pending {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** A clock that moves only when told to. For tests and exploration. */
export class VirtualClock implements Clock {
  #now: number;
  #sequence = 0;
  readonly #pending = new Set<Pending>();

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  after(ms: number, run: () => void): Timer {
    const entry: Pending = { at: this.#now + Math.max(0, ms), sequence: this.#sequence++, run };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** Moves time on and runs what falls due, in order of time and then of registration. */
  advance(ms: number): void {
    const target = this.#now + ms;
    for (let next = this.#earliest(target); next; next = this.#earliest(target)) {
      this.#pending.delete(next);
      this.#now = next.at;
      next.run();
    }
    this.#now = target;
  }

  get pendingTimers(): number {
    return this.#pending.size;
  }

  #earliest(limit: number): Pending | undefined {
    let best: Pending | undefined;
    for (const entry of this.#pending) {
      if (entry.at > limit) continue;
      if (!best || entry.at < best.at || (entry.at === best.at && entry.sequence < best.sequence)) best = entry;
    }
    return best;
  }
}
