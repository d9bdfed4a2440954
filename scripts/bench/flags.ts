import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';

type Described = Pick<Benchmark, 'name' | 'title' | 'defaultRuns'>;

export interface Flags {
  readonly names: readonly string[];
  /** Instead of each benchmark's own number. */
  readonly runs: number | undefined;
  readonly asJson: boolean;
  /** Only the usage is wanted. */
  readonly help: boolean;
}

export function usageOf(benchmarks: readonly Described[]): string {
  return `npm run bench -- [--only NAME[,NAME…]] [--runs N] [--json]
Medians and spread on stdout, progress on stderr; --json prints one line. Without --only all of them, with so many runs each:
${benchmarks.map(({ name, title, defaultRuns }) => `  ${name.padEnd(12)}  ${title} (${defaultRuns})\n`).join('')}`;
}

/** @throws Error saying what is wrong with them */
export function flagsOf(args: readonly string[], benchmarks: readonly Described[]): Flags {
  const options = {
    only: { type: 'string', multiple: true },
    runs: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const all = benchmarks.map(({ name }) => name);
  const names = (values.only ?? []).flatMap((text) => text.split(','));
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`There is no benchmark ${unknown.join(', ')}.`);
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && !(Number.isSafeInteger(runs) && runs > 0))
    throw new Error('--runs must be a whole number above 0.');
  return { names: names.length === 0 ? all : names, runs, asJson: values.json === true, help: values.help === true };
}
