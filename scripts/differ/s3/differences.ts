import type { S3Pair } from './step.ts';

/** A difference that is meant, or that no client can rely on. docs/fidelity-s3.md shows every one. */
export interface AcceptedDifference {
  readonly id: string;
  readonly reason: string;
  /** @returns the pair without this difference, or undefined when it has none of it */
  readonly without: (pair: S3Pair) => S3Pair | undefined;
}

export const ACCEPTED_DIFFERENCES: readonly AcceptedDifference[] = [];
