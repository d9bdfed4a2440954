import path from 'node:path';
import type { Benchmark, BenchmarkContext } from '../benchmark.ts';
import type { Measurement } from '../measurement.ts';
import { Samples } from '../measurement.ts';
import { runCommand } from '../run-command.ts';
import { up } from '../up.ts';

const ON_KIND = ['--backend', 'kind'];

export const upFresh: Benchmark = {
  name: 'up-fresh',
  title: '`wavetank up --backend kind -- true`: the cluster made, measured and removed again',
  defaultRuns: 3,
  async run(context) {
    const samples = new Samples();
    for (let run = 0; run < context.runs; run++) await up(context, 'fresh', samples, ON_KIND);
    return samples.measurements('ms');
  },
};

export const upReused: Benchmark = {
  name: 'up-reused',
  title: 'the same with --reuse, in the cluster that the one before kept',
  defaultRuns: 3,
  async run(context): Promise<readonly Measurement[]> {
    const flags = [...ON_KIND, '--reuse'];
    const samples = new Samples();
    try {
      await up(context, 'kept', new Samples(), flags);
      for (let run = 0; run < context.runs; run++) await up(context, 'kept', samples, flags);
    } finally {
      await down(context, 'kept');
    }
    return samples.measurements('ms');
  },
};

/** Kept clusters stay until somebody says so. */
async function down({ root, folder }: BenchmarkContext, name: string): Promise<void> {
  const state = path.join(folder, name, 'state');
  const command = [process.execPath, path.join(root, 'harness/cli/main.ts'), 'down', '--state', state];
  await runCommand(command, { cwd: root, env: {} });
}
