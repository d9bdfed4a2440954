import type { Entropy } from '../../core/entropy.ts';
import { seededEntropy } from '../../core/entropy.ts';

/** Random choices that are the same for the same seed. */
export class Dice {
  readonly #entropy: Entropy;

  constructor(seed: string) {
    this.#entropy = seededEntropy(seed);
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Buffer.from(this.#entropy.bytes(4)).readUInt32BE() % Math.max(1, count);
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** @throws when there is nothing to choose from. */
  pick<T>(choices: readonly T[]): T {
    const index = this.below(choices.length);
    if (index >= choices.length) throw new Error('there is nothing to choose from');
    return choices[index] as T;
  }

  /** One of the values, as often as its number says. */
  weighted<T>(choices: readonly (readonly [number, T])[]): T {
    let left = this.below(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of choices) {
      if (left < weight) return value;
      left -= weight;
    }
    throw new Error('there is nothing to choose from');
  }
}
