import { messageOf } from '../../../core/errors.ts';
import { judge } from './compare.ts';
import type { Pair } from './differences.ts';
import { ACCEPTED_DIFFERENCES } from './differences.ts';
import { stepOf } from './generate.ts';
import type { Servers } from './sequence.ts';
import { runSequence } from './sequence.ts';
import { shrink } from './shrink.ts';
import type { Step } from './step.ts';

export interface RunOptions {
  readonly seed: string;
  readonly sequences: readonly number[];
  readonly requestsPerSequence: number;
  /** Of a replay: the steps that are sent. */
  readonly steps: readonly number[] | undefined;
  /** Every difference, as it is found; otherwise the first of each sequence, made small. */
  readonly tellsAll: boolean;
}

export interface RunSummary {
  readonly requests: number;
  /** Sequences with a difference that is not listed. */
  readonly unlisted: number;
}

/** Namespaces keep sequences apart, so that several run at a time: the real server is slower than one client can ask. */
const AT_A_TIME = 4;

/** Sends the sequences to both servers and tells of what differs. */
export async function runDiffer(
  servers: Servers,
  options: RunOptions,
  tell: (line: string) => void,
): Promise<RunSummary> {
  const started = servers.clock.now();
  const counts = new Map<string, number>();
  const codes = new Map<number, number>();
  const waiting = [...options.sequences];
  let requests = 0;
  let unlisted = 0;
  const worker = async (): Promise<void> => {
    for (let sequence = waiting.shift(); sequence !== undefined; sequence = waiting.shift()) {
      const steps = stepsOf(options, sequence);
      const namespace = namespaceOf(options.seed, sequence, servers.clock.now());
      const pairs = await runSequence(servers, namespace, steps);
      requests += pairs.length;
      for (const { real } of pairs) codes.set(real.code, (codes.get(real.code) ?? 0) + 1);
      if (await report(servers, options, sequence, pairs, counts, tell)) unlisted += 1;
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: AT_A_TIME }, worker));
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw new Error(messageOf(outcome.reason), { cause: outcome.reason });
  }
  const seconds = ((servers.clock.now() - started) / 1000).toFixed(1);
  tell(`seed ${options.seed}: ${requests} requests to each server in ${seconds} s`);
  tell(
    `answers by code: ${[...codes]
      .toSorted(([a], [b]) => a - b)
      .map(([code, count]) => `${code} ×${count}`)
      .join(', ')}`,
  );
  for (const { id, reason } of ACCEPTED_DIFFERENCES) tell(`listed: ${id} ×${counts.get(id) ?? 0}: ${reason}`);
  tell(unlisted === 0 ? 'no unlisted difference' : `${unlisted} sequences with an unlisted difference`);
  return { requests, unlisted };
}

function stepsOf({ seed, requestsPerSequence, steps }: RunOptions, sequence: number): Step[] {
  const indexes = steps ?? Array.from({ length: requestsPerSequence }, (_none, index) => index);
  return indexes.map((index) => stepOf(seed, sequence, index));
}

/** A name that no earlier run left behind, as long in every run. */
function namespaceOf(seed: string, sequence: number, now: number): string {
  const tail = now.toString(36).slice(-7);
  return `differ-${seed.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}-${sequence}-${tail}`;
}

/** @returns whether there was an unlisted difference */
async function report(
  servers: Servers,
  options: RunOptions,
  sequence: number,
  pairs: readonly Pair[],
  counts: Map<string, number>,
  tell: (line: string) => void,
): Promise<boolean> {
  const found: { pair: Pair; differences: readonly string[] }[] = [];
  for (const pair of pairs) {
    const { accepted, differences } = judge(pair);
    for (const id of accepted) counts.set(id, (counts.get(id) ?? 0) + 1);
    if (differences.length > 0) found.push({ pair, differences });
  }
  const [first] = found;
  if (first === undefined) return false;
  const replay = (steps: readonly Step[]): string =>
    `npm run differ -- kubernetes --seed ${options.seed} --sequence ${sequence} --steps ${steps.map(({ index }) => index).join(',')}`;
  if (options.tellsAll) {
    // What follows at the same object is most often the same difference again.
    const seen = new Set<string>();
    for (const { pair, differences } of found) {
      const object = pair.step.path.split('?')[0] ?? '';
      if (!seen.has(object)) tell(told(sequence, pair, differences));
      seen.add(object);
    }
    return true;
  }
  const all = pairs.map(({ step }) => step);
  const before = all.slice(0, all.indexOf(first.pair.step) + 1);
  const attempt = async (steps: readonly Step[]): Promise<boolean> => {
    const again = await runSequence(servers, namespaceOf(`${options.seed}x`, sequence, servers.clock.now()), steps);
    const last = again.at(-1);
    return last !== undefined && judge(last).differences.length > 0;
  };
  const fewest = await shrink(before, attempt);
  tell(told(sequence, first.pair, first.differences));
  tell(`  replay: ${replay(fewest)}\n`);
  return true;
}

function told(sequence: number, { step, real }: Pair, differences: readonly string[]): string {
  const body = step.body === undefined ? '' : `\n  ${JSON.stringify(step.body).slice(0, 1200)}`;
  const headers = JSON.stringify(step.headers);
  return `sequence ${sequence} step ${step.index}: ${step.method} ${step.path} ${headers} (${real.code})${body}\n  ${differences.slice(0, 8).join('\n  ')}`;
}
