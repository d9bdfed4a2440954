import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { ResourceStack, runningResource } from '../../../core/resource.ts';
import { systemSeams } from '../../../core/seams.ts';
import { installOperator } from '../../../engine/deploy/install.ts';
import { createKubeClient } from '../../../engine/kubernetes/client.ts';
import { NAMESPACES } from '../../../engine/kubernetes/objects.ts';
import { startApiServer } from '../../cluster/embedded/api-server.ts';
import { describeRights } from './describe-rights.ts';

describeRights(async () => {
  const stack = new ResourceStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'wavetank-rights-'));
  stack.defer('folder', () => rm(folder, { recursive: true, force: true }));
  const seams = systemSeams();
  stack.defer('net', () => seams.net.close());
  const cluster = await stack.start('cluster', () => startApiServer({ clock: seams.clock, entropy: seams.entropy }));
  const clientWith = async (name: string, kubeconfig: string) => {
    const kubeconfigPath = path.join(folder, name);
    await writeFile(kubeconfigPath, kubeconfig, { mode: 0o600 });
    const client = await createKubeClient({ kubeconfigPath, net: seams.net });
    stack.defer(name, () => client.close());
    return client;
  };
  const admin = await clientWith('admin', cluster.kubeconfig());
  await installOperator(admin, { namespace: 'jobs', operatorNamespace: 'operator' });
  await admin.create(NAMESPACES, { metadata: { name: 'other' } });
  const groups = ['system:serviceaccounts', 'system:serviceaccounts:operator', 'system:authenticated'];
  const facts = {
    jobsNamespace: 'jobs',
    otherNamespace: 'other',
    clientOf: (component: string) => {
      const username = `system:serviceaccount:operator:${component}`;
      return clientWith(component, cluster.kubeconfig({ username, groups }, 'jobs'));
    },
  };
  return runningResource(facts, () => stack.stop());
});
