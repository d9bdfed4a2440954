import type { Clock } from '../../../core/clock.ts';
import type { Signer } from '../../../harness/storage/signed-request.ts';
import type { SeedReport, Unlisted } from '../report.ts';
import { Tally, told } from '../report.ts';
import { severalAtATime } from '../several.ts';
import { shrink } from '../shrink.ts';
import { judge } from './compare.ts';
import { S3Connection } from './connection.ts';
import { stepOf } from './generate.ts';
import { normalise } from './normalise.ts';
import type { S3Pair, S3Step } from './step.ts';

export interface S3Servers {
  readonly real: Signer;
  readonly embedded: Signer;
  readonly clock: Clock;
}

export interface S3RunOptions {
  readonly seed: string;
  readonly requests: number;
  /** Of a replay: one sequence, and of it only these steps. */
  readonly sequence: number | undefined;
  readonly steps: readonly number[] | undefined;
  /** Every difference, where it was met; otherwise made small. */
  readonly tellsAll: boolean;
}

export const STEPS_PER_SEQUENCE = 100;
/** Buckets keep them apart. */
const AT_A_TIME = 4;

/** Names of buckets that no other sequence has, of whatever seed. */
let bucketsMade = 0;

/** Sends the same sequences to both and tells of what differs, the first of each sequence. */
export async function runS3Differ(
  servers: S3Servers,
  options: S3RunOptions,
  tell: (line: string) => void,
): Promise<SeedReport> {
  const started = servers.clock.now();
  const tally = new Tally();
  const judgeSequence = async (sequence: number): Promise<void> => {
    const found = await firstUnlisted(servers, options, sequence, tally);
    if (found === undefined) return;
    tally.unlisted(found);
    tell(told(found));
  };
  if (options.sequence !== undefined) await judgeSequence(options.sequence);
  else {
    // A sequence ends where a listed difference has left the two with different things, so that nobody knows how many there will be.
    let next = 0;
    const places = Array.from({ length: AT_A_TIME }, (_none, place) => place);
    await severalAtATime(places, AT_A_TIME, async () => {
      while (tally.requests < options.requests) await judgeSequence(next++);
    });
  }
  return tally.report(options.seed, servers.clock.now() - started);
}

async function firstUnlisted(
  servers: S3Servers,
  options: S3RunOptions,
  sequence: number,
  tally: Tally,
): Promise<Unlisted | undefined> {
  const steps = stepsOf(options, sequence);
  const pairs = await play(servers, steps);
  for (const { step, real } of pairs) tally.request(step.operation, real.code);
  for (const pair of pairs) {
    const { accepted, differences } = judge(pair);
    tally.listed(accepted);
    if (differences.length === 0) continue;
    const before = steps.slice(0, steps.indexOf(pair.step) + 1);
    const fewest = options.tellsAll ? before : await smallest(servers, before, pair.step);
    return unlisted(options.seed, sequence, pair, differences, fewest);
  }
  return undefined;
}

function stepsOf({ seed, steps }: S3RunOptions, sequence: number): S3Step[] {
  const indexes = steps ?? Array.from({ length: STEPS_PER_SEQUENCE }, (_none, index) => index);
  return indexes.map((index) => stepOf(seed, sequence, index));
}

function smallest(servers: S3Servers, before: readonly S3Step[], step: S3Step): Promise<readonly S3Step[]> {
  return shrink(before, async (fewer) => {
    const last = (await play(servers, fewer)).at(-1);
    return last?.step.index === step.index && judge(last).differences.length > 0;
  });
}

function unlisted(
  seed: string,
  sequence: number,
  { step, real }: S3Pair,
  differences: readonly string[],
  steps: readonly S3Step[],
): Unlisted {
  const { index, ...shown } = step;
  return {
    sequence,
    step: index,
    request: `${step.operation} ${JSON.stringify(shown)}`,
    answered: real.code,
    differences,
    replay: `npm run differ -- s3 --seed ${seed} --sequence ${sequence} --steps ${steps.map((one) => one.index).join(',')}`,
  };
}

/** In buckets of its own; ends where a listed difference has left the servers with different things. */
async function play({ real, embedded, clock }: S3Servers, steps: readonly S3Step[]): Promise<S3Pair[]> {
  const bucket = `differ-${String(bucketsMade++).padStart(6, '0')}`;
  const [there, here] = [real, embedded].map((signer) => new S3Connection(signer, clock, bucket)) as [
    S3Connection,
    S3Connection,
  ];
  const pairs: S3Pair[] = [];
  for (const step of steps) {
    const [answer, own] = await Promise.all([there.send(step), here.send(step)]);
    const pair = { step, real: normalise(step, answer, bucket), embedded: normalise(step, own, bucket) };
    pairs.push(pair);
    const { differences, diverges } = judge(pair);
    if (differences.length > 0 || diverges) break;
  }
  return pairs;
}
