import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import type { Benchmark } from '../benchmark.ts';
import { withJobLab } from '../job-lab.ts';
import { measureJobs } from '../no-op-job.ts';
import type { Floor } from '../no-op-job.ts';
import { startHandMadePods } from './hand-made-pods.ts';
import { objectsOfJob } from './job-objects.ts';

export const noOpJobOnKind: Benchmark = {
  name: 'no-op-job',
  title: 'one job that does nothing, gap by gap, against the same three pods with volume, gate and images made by hand',
  defaultRuns: 10,
  run: (context) =>
    withJobLab(context.folder, (lab) => measureJobs(context, lab, { floor, ratio: 1.2 }), { backend: 'kind' }),
};

async function floor(client: KubeClient, runJob: () => Promise<void>): Promise<Floor> {
  const byHand = await startHandMadePods(client, await objectsOfJob(client, runJob));
  return { name: 'three pods made by hand', ...byHand };
}
