import { isDeepStrictEqual } from 'node:util';
import { ACCEPTED_DIFFERENCES, DIVERGING } from './differences.ts';
import type { S3Answer, S3Pair } from './step.ts';

export interface Verdict {
  /** Ids of the listed differences that this pair has. */
  readonly accepted: readonly string[];
  /** What differs beyond them, one line each. */
  readonly differences: readonly string[];
  /** From here on the two servers hold different things, or tell of other places in a listing, for a reason that is listed. */
  readonly diverges: boolean;
}

export function judge(pair: S3Pair): Verdict {
  const accepted: string[] = [];
  let rest = pair;
  let diverges = false;
  for (const difference of ACCEPTED_DIFFERENCES) {
    if (isDeepStrictEqual(rest.real, rest.embedded)) break;
    const without = difference.without(rest);
    if (without === undefined) continue;
    accepted.push(difference.id);
    rest = without;
    diverges ||= DIVERGING.has(difference.id) || isDiverging(pair);
  }
  return { accepted, differences: linesOf(rest.real, rest.embedded, ''), diverges };
}

/** A write that one of them took and the other did not, or a page that ends elsewhere. */
function isDiverging({ step, real, embedded }: S3Pair): boolean {
  if (step.operation.startsWith('ListObjects')) return isTruncated(real) !== isTruncated(embedded);
  const isWrite = step.method !== 'GET' && step.method !== 'HEAD';
  return isWrite && real.code < 300 !== embedded.code < 300;
}

function isTruncated({ body }: S3Answer): boolean {
  return JSON.stringify(body).includes('"IsTruncated":"true"');
}

const LONGEST_VALUE = 500;

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
