/** One figure of a benchmark with all its samples. */
export interface Measurement {
  readonly name: string;
  readonly unit: 'ms' | 'jobs/s' | 'MiB/s' | 'MiB' | 'requests' | 'requests/s' | 'ratio';
  readonly samples: readonly number[];
  /** What it may be at most, where a budget says so. */
  readonly budget?: number;
}

export interface Summary {
  readonly n: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function summaryOf(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const last = sorted.length - 1;
  return {
    n: sorted.length,
    median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2,
    min: at(0),
    max: at(last),
  };
}

/** Gathers samples by name, in the order in which the names come up first. */
export class Samples {
  readonly #byName = new Map<string, number[]>();

  add(name: string, value: number): void {
    const samples = this.#byName.get(name);
    if (samples) samples.push(value);
    else this.#byName.set(name, [value]);
  }

  of(name: string): readonly number[] {
    return this.#byName.get(name) ?? [];
  }

  /** @param budgets by name */
  measurements(unit: Measurement['unit'], budgets: Readonly<Record<string, number>> = {}): Measurement[] {
    return [...this.#byName].map(([name, samples]) => {
      const budget = budgets[name];
      return { name, unit, samples, ...(budget === undefined ? {} : { budget }) };
    });
  }
}
