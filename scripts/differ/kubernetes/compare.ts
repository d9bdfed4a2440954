import { isDeepStrictEqual } from 'node:util';
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
    if (linesOf(without.real, without.embedded, '').length < linesOf(rest.real, rest.embedded, '').length)
      accepted.push(difference.id);
    rest = without;
  }
  return { accepted, differences: linesOf(rest.real, rest.embedded, '') };
}

const LONGEST_VALUE = 600;

function linesOf(real: unknown, embedded: unknown, path: string): string[] {
  if (isDeepStrictEqual(real, embedded)) return [];
  if (!isContainer(real) || !isContainer(embedded) || Array.isArray(real) !== Array.isArray(embedded))
    return [`${path || '.'}\n    real      ${shown(real)}\n    embedded  ${shown(embedded)}`];
  const names = new Set([...Object.keys(real), ...Object.keys(embedded)]);
  return [...names].flatMap((name) => linesOf(real[name], embedded[name], `${path}.${name}`));
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
