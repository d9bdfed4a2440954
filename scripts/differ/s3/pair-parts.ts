import type { AcceptedDifference } from './differences.ts';
import type { S3Answer, S3Pair } from './step.ts';

/** `404 NoSuchKey`; of HEAD, whose refusals have no body, the status alone. */
export function refusalOf({ code, body }: S3Answer): string {
  const error = (body as { readonly Error?: unknown }).Error;
  return typeof error === 'string' ? `${code} ${error}` : String(code);
}

/** Where both refuse, and name one of these pairs of reasons. `*` stands for any refusal. */
export function refusals(
  id: string,
  reason: string,
  pairs: readonly (readonly [real: RegExp, embedded: RegExp])[],
): AcceptedDifference {
  return {
    id,
    reason,
    without(pair) {
      const [real, embedded] = [refusalOf(pair.real), refusalOf(pair.embedded)];
      const isListed =
        pair.real.code >= 400 &&
        pair.embedded.code >= 400 &&
        pairs.some(([there, here]) => there.test(real) && here.test(embedded));
      return isListed ? { ...pair, real: pair.embedded } : undefined;
    },
  };
}

/** Where the answers as wholes are of a listed kind. */
export function answers(id: string, reason: string, isListed: (pair: S3Pair) => boolean): AcceptedDifference {
  return { id, reason, without: (pair) => (isListed(pair) ? { ...pair, real: pair.embedded } : undefined) };
}

/** Headers that only one of them sends, or sends otherwise, in the answers that `applies` picks. */
export function headers(
  id: string,
  reason: string,
  names: RegExp,
  applies: (pair: S3Pair) => boolean,
): AcceptedDifference {
  return {
    id,
    reason,
    without(pair) {
      if (!applies(pair)) return undefined;
      const all = new Set([...Object.keys(pair.real.headers), ...Object.keys(pair.embedded.headers)]);
      const differing = [...all].filter(
        (name) => names.test(name) && pair.real.headers[name] !== pair.embedded.headers[name],
      );
      if (differing.length === 0) return undefined;
      const strip = (answer: S3Answer): S3Answer => ({
        ...answer,
        headers: Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !differing.includes(name))),
      });
      return { ...pair, real: strip(pair.real), embedded: strip(pair.embedded) };
    },
  };
}

/** Elements of documents that differ, wherever they stand, where both succeed and `applies` holds. */
export function elements(
  id: string,
  reason: string,
  operation: RegExp,
  names: RegExp,
  applies: (pair: S3Pair) => boolean = () => true,
): AcceptedDifference {
  return {
    id,
    reason,
    without(pair) {
      if (!operation.test(pair.step.operation) || pair.real.code >= 300 || pair.embedded.code >= 300) return undefined;
      if (!applies(pair)) return undefined;
      const [real, embedded] = withoutDiffering(pair.real.body, pair.embedded.body, names);
      if (real === pair.real.body) return undefined;
      return { ...pair, real: { ...pair.real, body: real }, embedded: { ...pair.embedded, body: embedded } };
    },
  };
}

/** Both without the elements of these names that they do not share; the very same objects where there are none. */
function withoutDiffering(real: unknown, embedded: unknown, names: RegExp): readonly [unknown, unknown] {
  if (!isTree(real) || !isTree(embedded) || Array.isArray(real) !== Array.isArray(embedded)) return [real, embedded];
  let isChanged = false;
  const results: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  for (const name of new Set([...Object.keys(real), ...Object.keys(embedded)])) {
    const [there, here] = [real[name], embedded[name]];
    if (names.test(name) && JSON.stringify(there) !== JSON.stringify(here)) {
      isChanged = true;
      continue;
    }
    const [left, right] = withoutDiffering(there, here, names);
    isChanged ||= left !== there;
    if (name in real) results[0][name] = left;
    if (name in embedded) results[1][name] = right;
  }
  if (!isChanged) return [real, embedded];
  return Array.isArray(real) ? [Object.values(results[0]), Object.values(results[1])] : results;
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
