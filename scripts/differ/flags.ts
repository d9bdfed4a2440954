import { parseArgs } from 'node:util';
import { WavetankError } from '../../core/errors.ts';

/** The flags that every differ has. */
export interface CommonFlags {
  readonly requests: number;
  readonly seeds: readonly string[];
  /** Of a replay: one sequence of one seed, and of it only these steps. */
  readonly sequence: number | undefined;
  readonly steps: readonly number[] | undefined;
  /** Every difference as it is found; otherwise the first of each sequence, made small. */
  readonly tellsAll: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

export const COMMON_USAGE = `  --requests    how many requests of each seed are sent to each server (default 10000)
  --seed        other seeds are other requests; several with commas (default 1)
  --sequence    replays one sequence of a seed, --steps I,J,… only these steps of it
  --all         tells of every difference; without it of the first of each sequence, made small
  --json        the report as one line of JSON on stdout; what is found meanwhile goes to stderr
  --help        this
Exit codes: 0 no difference but listed ones, 1 there are others, 2 wrong usage, 3 something is missing, 4 the differ broke
`;

/** @throws WavetankError FLAG_INVALID for what is no flag, or has no value that it can have */
export function parseFlags<T extends string>(
  args: readonly string[],
  own: readonly T[],
): { readonly common: CommonFlags; readonly values: Readonly<Partial<Record<T, string>>> } {
  const text = { type: 'string' } as const;
  const yes = { type: 'boolean', default: false } as const;
  const parse = (): Record<string, string | boolean | undefined> =>
    parseArgs({
      args: [...args],
      options: {
        requests: { ...text, default: '10000' },
        seed: { ...text, default: '1' },
        sequence: text,
        steps: text,
        all: yes,
        json: yes,
        help: { ...yes, short: 'h' },
        ...Object.fromEntries(own.map((name) => [name, text])),
      },
    }).values;
  const values = orInvalid(parse);
  const optional = (name: string): string | undefined => values[name] as string | undefined;
  const seeds = String(values['seed']).split(',').filter(Boolean);
  const sequence = optional('sequence');
  if (seeds.length === 0) throw invalid('--seed takes at least one seed');
  if (sequence !== undefined && seeds.length > 1) throw invalid('--sequence replays one seed');
  return {
    common: {
      requests: count('--requests', String(values['requests'])),
      seeds,
      sequence: sequence === undefined ? undefined : count('--sequence', sequence),
      steps: optional('steps')
        ?.split(',')
        .map((step) => count('--steps', step)),
      tellsAll: values['all'] === true,
      json: values['json'] === true,
      help: values['help'] === true,
    },
    values: Object.fromEntries(own.map((name) => [name, optional(name)])) as Partial<Record<T, string>>,
  };
}

function orInvalid<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

function count(flag: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw invalid(`${flag} takes a whole number`);
}

function invalid(why: string): WavetankError {
  return new WavetankError('FLAG_INVALID', why, { category: 'usage' });
}
