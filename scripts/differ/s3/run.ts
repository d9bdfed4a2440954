import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Signer } from '../../../harness/storage/signed-request.ts';
import { judge } from './compare.ts';
import { S3Connection } from './connection.ts';
import { ACCEPTED_DIFFERENCES } from './differences.ts';
import { stepOf } from './generate.ts';
import { normalise } from './normalise.ts';
import { shrink } from '../kubernetes/shrink.ts';
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
}

export interface S3RunSummary {
  readonly requests: number;
  /** Sequences with a difference that is not listed. */
  readonly unlisted: number;
}

export const STEPS_PER_SEQUENCE = 100;
/** Buckets keep them apart. */
const AT_A_TIME = 4;

/** Sends the same sequences to both and tells of what differs, the first of each sequence made small. */
export async function runS3Differ(
  servers: S3Servers,
  options: S3RunOptions,
  tell: (line: string) => void,
): Promise<S3RunSummary> {
  const run = new Run(servers, options, tell);
  const outcomes = await Promise.allSettled(Array.from({ length: AT_A_TIME }, () => run.work()));
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw new Error(messageOf(outcome.reason), { cause: outcome.reason });
  }
  return run.summary();
}

class Run {
  readonly #servers: S3Servers;
  readonly #options: S3RunOptions;
  readonly #tell: (line: string) => void;
  readonly #startedAt: number;
  readonly #listed = new Map<string, number>();
  readonly #codes = new Map<number, number>();
  #nextSequence: number;
  #nextBucket = 0;
  #requests = 0;
  #unlisted = 0;

  constructor(servers: S3Servers, options: S3RunOptions, tell: (line: string) => void) {
    this.#servers = servers;
    this.#options = options;
    this.#tell = tell;
    this.#startedAt = servers.clock.now();
    this.#nextSequence = options.sequence ?? 0;
  }

  async work(): Promise<void> {
    const { sequence: only, requests, seed } = this.#options;
    while (only === undefined ? this.#requests < requests : this.#nextSequence === only) {
      const sequence = this.#nextSequence++;
      const steps = this.#stepsOf(seed, sequence);
      await this.#judgeSequence(sequence, steps);
    }
  }

  summary(): S3RunSummary {
    const { seed } = this.#options;
    const seconds = ((this.#servers.clock.now() - this.#startedAt) / 1000).toFixed(1);
    this.#tell(`seed ${seed}: ${this.#requests} requests to each server in ${seconds} s`);
    const codes = [...this.#codes].toSorted(([a], [b]) => a - b).map(([code, count]) => `${code} ×${count}`);
    this.#tell(`answers by code: ${codes.join(', ')}`);
    for (const { id, reason } of ACCEPTED_DIFFERENCES)
      this.#tell(`listed: ${id} ×${this.#listed.get(id) ?? 0}: ${reason}`);
    this.#tell(
      this.#unlisted === 0 ? 'no unlisted difference' : `${this.#unlisted} sequences with an unlisted difference`,
    );
    return { requests: this.#requests, unlisted: this.#unlisted };
  }

  #stepsOf(seed: string, sequence: number): S3Step[] {
    const indexes = this.#options.steps ?? Array.from({ length: STEPS_PER_SEQUENCE }, (_none, index) => index);
    return indexes.map((index) => stepOf(seed, sequence, index));
  }

  async #judgeSequence(sequence: number, steps: readonly S3Step[]): Promise<void> {
    const pairs = await this.#play(steps);
    this.#requests += pairs.length;
    for (const { real } of pairs) this.#codes.set(real.code, (this.#codes.get(real.code) ?? 0) + 1);
    for (const pair of pairs) {
      const { accepted, differences } = judge(pair);
      for (const id of accepted) this.#listed.set(id, (this.#listed.get(id) ?? 0) + 1);
      if (differences.length > 0) return this.#tellOf(sequence, steps, pair, differences);
    }
  }

  async #tellOf(
    sequence: number,
    steps: readonly S3Step[],
    { step, real }: S3Pair,
    differences: readonly string[],
  ): Promise<void> {
    this.#unlisted++;
    const before = steps.slice(0, steps.indexOf(step) + 1);
    const fewest = await shrink(before, async (fewer) => {
      const last = (await this.#play(fewer)).at(-1);
      return last?.step.index === step.index && judge(last).differences.length > 0;
    });
    const { index: _index, ...shown } = step;
    this.#tell(
      `sequence ${sequence} step ${step.index}: ${step.operation} answered ${real.code}\n  ${JSON.stringify(shown)}`,
    );
    this.#tell(`  ${differences.slice(0, 8).join('\n  ')}`);
    const { seed } = this.#options;
    this.#tell(
      `  replay: npm run differ -- s3 --seed ${seed} --sequence ${sequence} --steps ${fewest.map(({ index }) => index).join(',')}\n`,
    );
  }

  /** In buckets of its own; ends where a listed difference has left the servers with different things. */
  async #play(steps: readonly S3Step[]): Promise<S3Pair[]> {
    const { real, embedded, clock } = this.#servers;
    const bucket = `differ-${String(this.#nextBucket++).padStart(6, '0')}`;
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
}
