/** `npm run bench`: how long the large things take on this machine. Figures on stdout, progress on stderr. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Benchmark } from './bench/benchmark.ts';
import { datasetSize } from './bench/dataset-size.ts';
import type { Choices, Flags } from './bench/flags.ts';
import { flagsOf, usageOf } from './bench/flags.ts';
import { machineFacts } from './bench/machine-facts.ts';
import { manyJobs } from './bench/many-jobs.ts';
import { summaryOf } from './bench/measurement.ts';
import { noOpJob } from './bench/no-op-job.ts';
import { provider } from './bench/provider.ts';
import { scenario } from './bench/scenario.ts';
import type { BenchmarkResult } from './bench/table.ts';
import { tableOf } from './bench/table.ts';
import { tenConsumers } from './bench/ten-consumers.ts';
import { upCold, upWarm } from './bench/up.ts';
import { noOpJobOnKind } from './bench/kind/no-op-job.ts';
import { scenarioOnKind } from './bench/kind/scenario.ts';
import { upFresh, upReused } from './bench/kind/up.ts';

const BENCHMARKS: Choices<Benchmark> = {
  embedded: [upCold, upWarm, scenario, noOpJob, manyJobs, datasetSize, provider, tenConsumers],
  kind: [upFresh, upReused, scenarioOnKind, noOpJobOnKind],
};

async function bench({ backend, names, runs, asJson }: Flags): Promise<void> {
  const root = path.dirname(import.meta.dirname);
  const facts = machineFacts(root);
  const folder = mkdtempSync(path.join(tmpdir(), 'wavetank-bench-'));
  const results: BenchmarkResult[] = [];
  try {
    for (const benchmark of BENCHMARKS[backend].filter((one) => names.includes(one.name))) {
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
  flags = flagsOf(process.argv.slice(2), BENCHMARKS);
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n${usageOf(BENCHMARKS)}`);
  process.exitCode = 2;
}
if (flags?.help) process.stdout.write(usageOf(BENCHMARKS));
else if (flags !== undefined) await bench(flags);
