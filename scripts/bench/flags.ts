import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';

type Described = Pick<Benchmark, 'name' | 'title' | 'defaultRuns'>;

/** What there is to measure on each backend. */
export type Choices<T extends Described = Described> = Readonly<Record<'embedded' | 'kind', readonly T[]>>;

export interface Flags {
  readonly backend: keyof Choices;
  readonly names: readonly string[];
  /** Instead of each benchmark's own number. */
  readonly runs: number | undefined;
  readonly asJson: boolean;
  /** Only the usage is wanted. */
  readonly help: boolean;
}

export function usageOf({ embedded, kind }: Choices): string {
  return `npm run bench -- [--backend embedded|kind] [--only NAME[,NAME…]] [--runs N] [--json]
Medians and spread on stdout, progress on stderr; --json prints one line. Without --only all of them, with so many runs each:
${linesOf(embedded)}With --backend kind, which needs Docker and kind:
${linesOf(kind)}`;
}

function linesOf(benchmarks: readonly Described[]): string {
  return benchmarks.map(({ name, title, defaultRuns }) => `  ${name.padEnd(12)}  ${title} (${defaultRuns})\n`).join('');
}

/** @throws Error saying what is wrong with them */
export function flagsOf(args: readonly string[], choices: Choices): Flags {
  const options = {
    backend: { type: 'string', default: 'embedded' },
    only: { type: 'string', multiple: true },
    runs: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const { backend } = values;
  if (backend !== 'embedded' && backend !== 'kind') throw new Error('--backend must be embedded or kind.');
  const all = choices[backend].map(({ name }) => name);
  const names = (values.only ?? []).flatMap((text) => text.split(','));
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`There is no benchmark ${unknown.join(', ')} on ${backend}.`);
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && !(Number.isSafeInteger(runs) && runs > 0))
    throw new Error('--runs must be a whole number above 0.');
  return {
    backend,
    names: names.length === 0 ? all : names,
    runs,
    asJson: values.json === true,
    help: values.help === true,
  };
}
