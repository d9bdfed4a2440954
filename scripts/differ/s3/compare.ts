import { isDeepStrictEqual } from 'node:util';
import { differencesOf } from '../json-diff.ts';
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
  return { accepted, differences: differencesOf(rest.real, rest.embedded), diverges };
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
