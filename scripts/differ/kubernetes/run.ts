import { WavetankError } from '../../../core/errors.ts';
import type { Unlisted } from '../report.ts';
import { Tally, told } from '../report.ts';
import type { SeedReport } from '../report.ts';
import { severalAtATime } from '../several.ts';
import { shrink } from '../shrink.ts';
import { judge } from './compare.ts';
import type { Pair } from './differences.ts';
import { operationOf, stepOf } from './generate.ts';
import type { Servers } from './sequence.ts';
import { runSequence } from './sequence.ts';
import type { Step } from './step.ts';
import { isOutOfTime } from './out-of-time.ts';

export interface RunOptions {
  readonly seed: string;
  readonly sequences: readonly number[];
  readonly requestsPerSequence: number;
  /** Of a replay: the steps that are sent. */
  readonly steps: readonly number[] | undefined;
  /** Every difference, as it is found; otherwise the first of each sequence, made small. */
  readonly tellsAll: boolean;
}

/** Namespaces keep sequences apart, so that several run at a time: the real server is slower than one client can ask. */
const AT_A_TIME = 4;
/** A real server on a busy machine: its store gives up on a write, which says nothing about the request. */
const MOST_TRIES = 4;

/** Sends the sequences of one seed to both servers and tells of what differs. */
export async function runDiffer(
  servers: Servers,
  options: RunOptions,
  tell: (line: string) => void,
): Promise<SeedReport> {
  const started = servers.clock.now();
  const tally = new Tally();
  await severalAtATime(options.sequences, AT_A_TIME, async (sequence) => {
    const pairs = await pairsOf(servers, options, sequence, tally);
    for (const { step, real } of pairs) tally.request(operationOf(options.seed, sequence, step.index), real.code);
    for (const found of await unlistedOf(servers, options, sequence, pairs, tally)) {
      tally.unlisted(found);
      tell(told(found));
    }
  });
  return tally.report(options.seed, servers.clock.now() - started);
}

async function pairsOf(servers: Servers, options: RunOptions, sequence: number, tally: Tally): Promise<Pair[]> {
  const steps = stepsOf(options, sequence);
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const pairs = await play(servers, options.seed, sequence, steps);
    if (pairs !== undefined) return pairs;
    tally.repeated();
  }
  throw new WavetankError(
    'DIFFER_REAL_SERVER_SLOW',
    `the real server ran out of time ${MOST_TRIES} times in sequence ${sequence}: it needs a quieter machine`,
    { category: 'environment' },
  );
}

/** @returns undefined when the real server ran out of time, so that its answers say nothing. */
async function play(
  servers: Servers,
  seed: string,
  sequence: number,
  steps: readonly Step[],
): Promise<Pair[] | undefined> {
  try {
    const pairs = await runSequence(servers, namespaceOf(seed, sequence, servers.clock.now()), steps);
    return pairs.some(({ real }) => isOutOfTime(real)) ? undefined : pairs;
  } catch (error) {
    if (error instanceof WavetankError && error.code === 'DIFFER_OUT_OF_TIME') return undefined;
    throw error;
  }
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

async function unlistedOf(
  servers: Servers,
  options: RunOptions,
  sequence: number,
  pairs: readonly Pair[],
  tally: Tally,
): Promise<Unlisted[]> {
  const found: { pair: Pair; differences: readonly string[] }[] = [];
  for (const pair of pairs) {
    const { accepted, differences } = judge(pair);
    tally.listed(accepted);
    if (differences.length > 0) found.push({ pair, differences });
  }
  const [first] = found;
  if (first === undefined) return [];
  const steps = pairs.map(({ step }) => step);
  if (!options.tellsAll) {
    const before = steps.slice(0, steps.indexOf(first.pair.step) + 1);
    const fewest = await shrink(before, async (fewer) => {
      const last = (await play(servers, `${options.seed}x`, sequence, fewer))?.at(-1);
      return last !== undefined && judge(last).differences.length > 0;
    });
    return [unlisted(options.seed, sequence, first.pair, first.differences, fewest)];
  }
  // What follows at the same object is most often the same difference again.
  const objects = new Set<string>();
  return found.flatMap(({ pair, differences }) => {
    const object = pair.step.path.split('?')[0] ?? '';
    if (objects.has(object)) return [];
    objects.add(object);
    return [unlisted(options.seed, sequence, pair, differences, options.steps === undefined ? undefined : steps)];
  });
}

function unlisted(
  seed: string,
  sequence: number,
  { step, real }: Pair,
  differences: readonly string[],
  /** undefined: all of the sequence. */
  steps: readonly Step[] | undefined,
): Unlisted {
  const body = step.body === undefined ? '' : `\n  ${JSON.stringify(step.body).slice(0, 1200)}`;
  return {
    sequence,
    step: step.index,
    request: `${step.method} ${step.path} ${JSON.stringify(step.headers)}${body}`,
    answered: real.code,
    differences,
    replay: `npm run differ -- kubernetes --seed ${seed} --sequence ${sequence}${steps === undefined ? ' --all' : ` --steps ${steps.map(({ index }) => index).join(',')}`}`,
  };
}
