import path from 'node:path';
import type { Benchmark, BenchmarkContext } from './benchmark.ts';
import { Samples } from './measurement.ts';
import { runCommand } from './run-command.ts';

const WHOLE = 'process start to exit';

export const scenario: Benchmark = {
  name: 'scenario',
  title: '`npm run scenario eu-us-lab` as a process of its own, caches warm',
  defaultRuns: 3,
  async run(context) {
    const samples = await timeScenario(context, [], 1);
    return samples.measurements('ms', { [WHOLE]: 5000 });
  },
};

/** @param flags of `wavetank scenario` */
export async function timeScenario(
  { root, folder, runs, progress }: BenchmarkContext,
  flags: readonly string[],
  warmUp: number,
): Promise<Samples> {
  const samples = new Samples();
  const command = [
    process.execPath,
    path.join(root, 'harness/cli/main.ts'),
    'scenario',
    'eu-us-lab',
    '--json',
    '--state',
    path.join(folder, 'state'),
    ...flags,
  ];
  const env = { NODE_COMPILE_CACHE: path.join(folder, 'compiled') };
  for (let run = -warmUp; run < runs; run++) {
    const { ms, cpuMs } = await runCommand(command, { cwd: root, env });
    progress(`${run < 0 ? 'to warm up' : `run ${run + 1}`}: ${ms.toFixed(0)} ms`);
    if (run < 0) continue;
    samples.add(WHOLE, ms);
    samples.add('processor time', cpuMs);
  }
  return samples;
}
