import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { KubeObject } from '../../engine/kubernetes/objects.ts';
import { PODS } from '../../engine/kubernetes/objects.ts';
import { preparePodsApp } from '../pods-image.ts';
import type { StartContext } from '../testbed/start-context.ts';
import { startEmbeddedCluster } from './embedded/embedded-cluster.ts';
import type { LabCluster } from './lab-cluster.ts';
import { NAMESPACE } from './namespace.ts';

/** The cluster in this process, as testbeds see it. Stopped with the context's stack. */
export async function startEmbeddedLabCluster(context: StartContext): Promise<LabCluster> {
  const { config, folder, stack, clock, entropy, native, log } = context;
  const podsApp = await preparePodsApp(path.join(config.stateRoot, 'pods-app'));
  // Shared by all testbeds of a state root: each start removes there what killed ones left behind.
  const stateDir = path.join(config.stateRoot, 'cluster');
  const cluster = await stack.start('cluster', () =>
    startEmbeddedCluster({
      clock,
      entropy,
      native,
      log: log.of('cluster'),
      stateDir,
      podsAppDir: podsApp.directory,
      images: config.images,
      ...(config.launcher === undefined ? {} : { launcher: config.launcher }),
    }),
  );
  return {
    ...cluster,
    namespace: NAMESPACE,
    apiUrl: cluster.api.url,
    listenHosts: [],
    pods: { image: 'wavetank/pods:1', command: podsApp.command },
    async kubeconfigOf(serviceAccount, namespace) {
      const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
      const username = `system:serviceaccount:${namespace}:${serviceAccount}`;
      return cluster.api.kubeconfig({ username, groups }, namespace);
    },
    async observePods(onPod) {
      // It watches where the API server writes: what has been answered has been told before.
      const watch = cluster.api.access.watch(PODS, ({ object }) => onPod(object as unknown as KubeObject));
      return { caughtUp: async () => {}, stop: () => watch.stop() };
    },
    // A pod's network is complete before its first process.
    gate: async () => ({ mode: 'none' }),
    marks: () => ({
      folders: [...new Set([folder, ...directoriesOf(path.join(stateDir, `${cluster.instance}.journal.ndjson`))])],
      cgroup: `wavetank-${cluster.instance}`,
    }),
  };
}

/** What the journal says that the cluster made outside this process. */
function directoriesOf(journal: string): string[] {
  return readFileSync(journal, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"directory"'))
    .map((line) => (JSON.parse(line) as { readonly path: string }).path);
}
