import { expect, test } from 'vitest';
import { LABELS } from '../../engine/api/names.ts';
import type { KubeClient } from '../../engine/kubernetes/client.ts';
import type { KubeObject } from '../../engine/kubernetes/objects.ts';
import type { LabCluster } from '../cluster/lab-cluster.ts';
import { observeCluster } from './kube-observer.ts';

const DELETED = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const gate = (exitCode: number, reason = 'Error'): object => ({
  initContainerStatuses: [{ name: 'gate', state: { terminated: { exitCode, reason } } }],
});
const main = (exitCode: number, reason: string): object => ({
  containerStatuses: [{ name: 'main', state: { terminated: { exitCode, reason } } }],
});

test.each<[string, readonly [metadata: object, status: object][], boolean]>([
  ['ended well', [[{}, main(0, 'Completed')]], false],
  ['ended badly', [[{}, main(1, 'Error')]], false],
  ['had a gate that let its algorithm begin', [[{}, { ...gate(0, 'Completed'), ...main(1, 'Error') }]], false],
  ['had an algorithm that could not be started', [[{}, main(128, 'StartError')]], false],
  [
    'could not be started',
    [[{ labels: { [LABELS.job]: 'j', [LABELS.stage]: 'publish' } }, main(128, 'StartError')]],
    true,
  ],
  ['had a gate that could not be started', [[{}, gate(128, 'StartError')]], true],
  ['had a gate that died', [[{}, gate(139)]], true],
  ['was deleted while its gate still probed', [[DELETED, gate(143)]], false],
  [
    'had a gate that died, and was deleted afterwards',
    [
      [{}, gate(139)],
      [DELETED, gate(139)],
    ],
    true,
  ],
])('a pod that %s', async (_what, sights, failedToStart) => {
  let see: (object: KubeObject) => void = () => undefined;
  const cluster = {
    namespace: 'jobs',
    observePods: async (observe: typeof see) => {
      see = observe;
      return { caughtUp: async () => undefined, stop: () => undefined };
    },
  } as unknown as LabCluster;
  const observer = await observeCluster(cluster, { list: async () => ({ items: [] }) } as unknown as KubeClient);
  for (const [metadata, status] of sights) {
    const labels = { [LABELS.job]: 'j', [LABELS.stage]: 'compute' };
    see({ metadata: { name: 'p', namespace: 'jobs', uid: 'u', labels, ...metadata }, status } as unknown as KubeObject);
  }
  expect(await observer.podsEverCreated('j')).toMatchObject([{ name: 'p', failedToStart }]);
});
