import { isDeepStrictEqual } from 'node:util';
import { differencesOf } from '../json-diff.ts';
import type { Pair } from './differences.ts';
import { ACCEPTED_DIFFERENCES } from './differences.ts';

export interface Verdict {
  /** Ids of the listed differences that this pair has. */
  readonly accepted: readonly string[];
  /** What differs beyond them, one line each; empty when nothing does. */
  readonly differences: readonly string[];
}

export function judge(pair: Pair): Verdict {
  if (isDeepStrictEqual(pair.real, pair.embedded)) return { accepted: [], differences: [] };
  const accepted: string[] = [];
  let rest = pair;
  for (const difference of ACCEPTED_DIFFERENCES) {
    const without = difference.without(rest);
    // Only what brings the two closer counts as this difference.
    if (differencesOf(without.real, without.embedded).length < differencesOf(rest.real, rest.embedded).length)
      accepted.push(difference.id);
    rest = without;
  }
  return { accepted, differences: differencesOf(rest.real, rest.embedded) };
}
