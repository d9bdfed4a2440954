import { test } from 'vitest';
import { startEngineLab } from './testing/engine-lab.ts';

test('a job runs through its three pods and leaves nothing behind', async ({ expect }) => {
  await using lab = await startEngineLab();
  await lab.startEngine();
  const jobId = await lab.submit(1);
  const record = await lab.ended(jobId);
  expect(record.status).toMatchObject({
    phase: 'finished',
    runConsumed: true,
    outcome: { kind: 'succeeded', exitCode: 0 },
    results: [{ filename: 'out.txt' }],
  });
  await lab.gone(jobId);
  expect(lab.kubelet.computePods.get(jobId)?.size).toBe(1);
  expect(lab.kubelet.phases.get(jobId)).toEqual([
    'configuringVolumes',
    'provisioned',
    'runningAlgorithm',
    'publishingResults',
    'finished',
  ]);
  expect(lab.leftovers()).toEqual([]);
});
