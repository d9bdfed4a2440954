import type { Entropy } from '../../core/entropy.ts';

export interface BackoffOptions {
  readonly entropy: Entropy;
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Doubling waits with jitter: many watchers that one restart cut off must not come back in one instant. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** The next wait: between half and all of the doubled one. */
  nextMs(): number {
    const { firstMs, longestMs, entropy } = this.#options;
    const full = Math.min(longestMs, firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    return Math.round(full * (0.5 + fraction(entropy) / 2));
  }
}

/** At least 0 and below 1. */
export function fraction(entropy: Entropy): number {
  const [high = 0, low = 0] = entropy.bytes(2);
  return (high * 256 + low) / 65_536;
}
