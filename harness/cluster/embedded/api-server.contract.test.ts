import { describe } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { seededEntropy } from '../../../core/entropy.ts';
import { describeClusterContract } from '../cluster.contract.ts';
import type { ClusterUnderTest } from '../cluster.contract.ts';
import { startApiServer } from './api-server.ts';

async function start(): Promise<ClusterUnderTest> {
  const server = await startApiServer({ clock: systemClock, entropy: seededEntropy('contract') });
  server.access.create({ group: '', version: 'v1', resource: 'namespaces' }, undefined, {
    metadata: { name: 'contract' },
  });
  return {
    kubeconfig: server.kubeconfig(),
    namespace: 'contract',
    forget: () => server.compact(),
    stop: () => server.stop(),
  };
}

describe('the embedded API server, through the unmodified client library', () => {
  describeClusterContract(start, { refusesCel: true });
});
