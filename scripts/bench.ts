/** `npm run bench`: how long the large things take on this machine. Figures on stdout, progress on stderr. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Benchmark } from './bench/benchmark.ts';
import { datasetSize } from './bench/dataset-size.ts';
import { machineFacts } from './bench/machine-facts.ts';
import { manyJobs } from './bench/many-jobs.ts';
import { summaryOf } from './bench/measurement.ts';
import { noOpJob } from './bench/no-op-job.ts';
import { scenario } from './bench/scenario.ts';
import type { BenchmarkResult } from './bench/table.ts';
import { tableOf } from './bench/table.ts';
import { upCold, upWarm } from './bench/up.ts';

const BENCHMARKS: readonly Benchmark[] = [upCold, upWarm, scenario, noOpJob, manyJobs, datasetSize];
const USAGE = `npm run bench -- [--only NAME[,NAME…]] [--runs N] [--json]
${BENCHMARKS.map(({ name, title, defaultRuns }) => `  ${name.padEnd(12)}  ${title} (${defaultRuns})\n`).join('')}`;

interface Flags {
  readonly chosen: readonly Benchmark[];
  readonly runs: number | undefined;
  readonly asJson: boolean;
}

/** @throws Error saying what is wrong with them */
function flagsOf(args: readonly string[]): Flags {
  const options = {
    only: { type: 'string', multiple: true },
    runs: { type: 'string' },
    json: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const names = (values.only ?? []).flatMap((text) => text.split(','));
  const unknown = names.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (unknown.length > 0) throw new Error(`There is no benchmark ${unknown.join(', ')}.`);
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && !(Number.isSafeInteger(runs) && runs > 0))
    throw new Error('--runs must be a whole number above 0.');
  const chosen = names.length === 0 ? BENCHMARKS : BENCHMARKS.filter(({ name }) => names.includes(name));
  return { chosen, runs, asJson: values.json === true };
}

async function bench({ chosen, runs, asJson }: Flags): Promise<void> {
  const root = path.dirname(import.meta.dirname);
  const facts = machineFacts(root);
  const folder = mkdtempSync(path.join(tmpdir(), 'wavetank-bench-'));
  const results: BenchmarkResult[] = [];
  try {
    for (const benchmark of chosen) {
      const { name, title, defaultRuns } = benchmark;
      process.stderr.write(`${name}: ${title}\n`);
      const own = path.join(folder, name);
      mkdirSync(own);
      const progress = (text: string): void => void process.stderr.write(`  ${text}\n`);
      const measurements = await benchmark.run({ runs: runs ?? defaultRuns, root, folder: own, progress });
      results.push({ name, title, measurements });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const summed = results.map(({ measurements, ...result }) => ({
    ...result,
    measurements: measurements.map((measurement) => ({ ...measurement, ...summaryOf(measurement.samples) })),
  }));
  process.stdout.write(
    asJson ? `${JSON.stringify({ version: 1, machine: facts, benchmarks: summed })}\n` : tableOf(results, facts),
  );
}

let flags: Flags | undefined;
try {
  flags = flagsOf(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n${USAGE}`);
  process.exitCode = 2;
}
if (flags !== undefined) await bench(flags);
