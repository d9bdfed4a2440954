import type { CapabilityName, ComputeJob, ComputeOrder, DownloadedFile } from '../../../harness/index.ts';
import type { HostileAttempt } from '../../../fixtures/algorithms/catalogue.ts';
import type { PublishedAlgorithm } from '../algorithms.ts';

/** One thing that a hostile algorithm does, as a job of its own. */
export interface Experiment {
  readonly name: string;
  readonly algorithm: PublishedAlgorithm;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Without these the job is not even started: elsewhere it would harm the machine, or prove nothing. */
  readonly needs: readonly CapabilityName[];
  /** Paid seconds; by default the free environment for an hour. */
  readonly paidSeconds?: number;
}

/** What became of an experiment. */
export interface Outcome {
  readonly experiment: Experiment;
  /** As the job was started with it: renewed, where its seconds had passed. */
  readonly order: ComputeOrder;
  /** As it was placed first. */
  readonly placed: ComputeOrder;
  readonly job: ComputeJob;
  readonly results: ReadonlyMap<string, DownloadedFile>;
  readonly attempts: readonly HostileAttempt[];
}
