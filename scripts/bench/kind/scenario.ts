import type { Benchmark } from '../benchmark.ts';
import { timeScenario } from '../scenario.ts';

export const scenarioOnKind: Benchmark = {
  name: 'scenario',
  title: '`npm run scenario eu-us-lab -- --backend kind --storage minio`, its cluster made and removed again',
  defaultRuns: 1,
  async run(context) {
    const samples = await timeScenario(context, ['--backend', 'kind', '--storage', 'minio'], 0);
    return samples.measurements('ms');
  },
};
