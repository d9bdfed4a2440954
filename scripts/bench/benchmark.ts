import type { Measurement } from './measurement.ts';

export interface BenchmarkContext {
  /** How often each thing is measured. */
  readonly runs: number;
  /** Root of the checkout. */
  readonly root: string;
  /** An empty folder that is removed in the end. */
  readonly folder: string;
  /** A line for whoever waits. */
  progress(text: string): void;
}

export interface Benchmark {
  readonly name: string;
  /** One line on what is measured. */
  readonly title: string;
  /** Runs when nobody says how many. */
  readonly defaultRuns: number;
  run(context: BenchmarkContext): Promise<readonly Measurement[]>;
}
