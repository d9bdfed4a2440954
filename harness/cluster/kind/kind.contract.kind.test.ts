import { readFileSync } from 'node:fs';
import { describe } from 'vitest';
import { NAMESPACES } from '../../../engine/kubernetes/objects.ts';
import { LABELS, MANAGED_BY } from '../../../engine/api/names.ts';
import { describeClusterContract } from '../cluster.contract.ts';
import type { ClusterUnderTest } from '../cluster.contract.ts';
import { startSharedKind, whyNoKind } from './testing/lab-kind.ts';

async function start(): Promise<ClusterUnderTest> {
  const cluster = await startSharedKind();
  await cluster.client.create(NAMESPACES, {
    metadata: { name: 'contract', labels: { [LABELS.managedBy]: MANAGED_BY } },
  });
  return {
    kubeconfig: readFileSync(cluster.kubeconfigPath, 'utf8'),
    namespace: 'contract',
    stop: () => cluster.stop(),
  };
}

const reason = whyNoKind();
describe.skipIf(reason !== undefined)(`a real API server${reason === undefined ? '' : ` (${reason})`}`, () => {
  describeClusterContract(start, { refusesCel: false, podImage: 'node:24' });
});
