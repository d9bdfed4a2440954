import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Benchmark, BenchmarkContext } from './benchmark.ts';
import type { Measurement } from './measurement.ts';
import { Samples } from './measurement.ts';
import { runCommand } from './run-command.ts';

export const READY = 'process start to endpoints';
const BUDGET_MS = 2000;

/** Neither compiled code nor measured capabilities nor pod scripts from before. */
export const upCold: Benchmark = {
  name: 'up-cold',
  title: '`wavetank up -- true` with empty caches',
  defaultRuns: 3,
  async run(context) {
    const samples = new Samples();
    for (let run = 0; run < context.runs; run++) await up(context, `cold-${run}`, samples);
    return samples.measurements('ms');
  },
};

export const upWarm: Benchmark = {
  name: 'up-warm',
  title: '`wavetank up -- true` once more in the same place',
  defaultRuns: 5,
  async run(context): Promise<readonly Measurement[]> {
    await up(context, 'warm', new Samples());
    const samples = new Samples();
    for (let run = 0; run < context.runs; run++) await up(context, 'warm', samples);
    return samples.measurements('ms', { [READY]: BUDGET_MS });
  },
};

/** @param flags of `wavetank up` */
export async function up(
  { root, folder, progress }: BenchmarkContext,
  name: string,
  samples: Samples,
  flags: readonly string[] = [],
): Promise<void> {
  const home = path.join(folder, name);
  mkdirSync(home, { recursive: true });
  const main = path.join(root, 'harness/cli/main.ts');
  const command = [process.execPath, main, 'up', '--json', '--state', path.join(home, 'state'), ...flags, '--', 'true'];
  const { ms, cpuMs, firstLineMs } = await runCommand(command, {
    cwd: root,
    env: { NODE_COMPILE_CACHE: path.join(home, 'compiled') },
  });
  samples.add(READY, firstLineMs ?? Number.NaN);
  samples.add('process start to exit', ms);
  samples.add('processor time', cpuMs);
  progress(`${name}: ready after ${firstLineMs?.toFixed(0)} ms`);
}
