import type { Answer, Step } from './step.ts';

/** One request and what became of it on both sides, made comparable. */
export interface Pair {
  readonly step: Step;
  readonly real: Answer;
  readonly embedded: Answer;
}

/** A difference that is meant, or that no client can rely on. docs/fidelity-kubernetes.md shows every one. */
export interface AcceptedDifference {
  readonly id: string;
  readonly reason: string;
  /** @returns the pair without this difference, or undefined when it has none of it */
  readonly without: (pair: Pair) => Pair | undefined;
}

export const ACCEPTED_DIFFERENCES: readonly AcceptedDifference[] = [];
