import { expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { systemSeams } from '../../../core/seams.ts';
import { LABELS, MANAGED_BY, WORKFLOWS } from '../../../engine/api/names.ts';
import { installOperator } from '../../../engine/deploy/install.ts';
import { createKubeClient } from '../../../engine/kubernetes/client.ts';
import { NAMESPACES } from '../../../engine/kubernetes/objects.ts';
import { workflowOf } from '../../integration/engine/testing/engine-lab.ts';
import { startApiServer } from '../embedded/api-server.ts';
import { untilEmpty } from './kept-cluster.ts';

test('a job that an operator inside the cluster holds again while its namespace goes does not keep the namespace', async () => {
  const seams = systemSeams();
  await using api = await startApiServer({ clock: systemClock, entropy: seams.entropy });
  const client = await createKubeClient({ kubeconfig: api.kubeconfig(), net: seams.net });
  try {
    await installOperator(client, { namespace: 'jobs' });
    await client.create(NAMESPACES, { metadata: { name: 'others', labels: { [LABELS.managedBy]: 'others' } } });
    const made = workflowOf(1);
    await client.create(WORKFLOWS, { ...made, metadata: { ...made.metadata, namespace: 'jobs' } });
    await client.delete(NAMESPACES, { name: 'jobs' });
    expect(await client.find(NAMESPACES, { name: 'jobs' })).toBeDefined();
    await untilEmpty(client, systemClock);
    const left = await client.list(NAMESPACES, { labelSelector: `${LABELS.managedBy}=${MANAGED_BY}` });
    expect(left.items).toEqual([]);
    expect(await client.find(NAMESPACES, { name: 'others' })).toBeDefined();
  } finally {
    await client.close();
    await seams.net.close();
  }
});
