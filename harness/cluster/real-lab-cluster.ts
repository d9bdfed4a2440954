import path from 'node:path';
import { WavetankError } from '../../core/errors.ts';
import type { RunningResource } from '../../core/resource.ts';
import { CANARY_POD } from '../../engine/operator-engine/gate/canary-pods.ts';
import type { StartContext } from '../testbed/start-context.ts';
import { accountKubeconfig } from './account-kubeconfig.ts';
import { startTokenFile } from './account-token-file.ts';
import type { RunningKindCluster } from './kind/start-kind-cluster.ts';
import type { RunningExistingCluster } from './existing/start-existing-cluster.ts';
import type { LabCluster } from './lab-cluster.ts';
import { observePods } from './observe-pods.ts';

/** Jobs of a lab are small and many, the machine is small more often than not, or the nodes are others' too: memory is promised once, processors share. */
export const CPU_OVERCOMMIT = 20;

/** Starts a cluster that stops with the context's stack. Whoever stops the start does not wait for its end. */
export function startAbortable<C extends RunningResource>(
  { stack }: StartContext,
  start: (signal: AbortSignal) => Promise<C>,
): Promise<C> {
  const stop = new AbortController();
  const starting = stack.start('cluster', () => start(stop.signal));
  // Undone first.
  stack.defer('start of the cluster', () =>
    stop.abort(new WavetankError('START_STOPPED', 'The start was stopped.', { category: 'interrupted' })),
  );
  return starting;
}

/** What is the same for all clusters whose nodes are not ours. */
export function realLabCluster(
  { config, folder, stack, clock, entropy, log }: StartContext,
  cluster: RunningKindCluster | RunningExistingCluster,
  canaryNamespace: string,
): Pick<LabCluster, 'apiUrl' | 'listenHosts' | 'kubeconfigOf' | 'observePods' | 'gate' | 'marks'> {
  const { client, kubeconfigPath, capabilities, hostAddressFromPods } = cluster;
  const marker = { name: CANARY_POD, namespace: canaryNamespace };
  const isIsolated = capabilities.network.enforcement === 'enforced';
  return {
    apiUrl: client.server,
    listenHosts: [hostAddressFromPods],
    async kubeconfigOf(name, namespace) {
      const account = { name, namespace };
      const tokenFile = path.resolve(folder, `${namespace}-${name}.token`);
      // A testbed may be up for longer than a token lives.
      await stack.start(`token of ${name}`, () =>
        startTokenFile({ client, clock, log: log.of('cluster'), account, file: tokenFile }),
      );
      return accountKubeconfig(kubeconfigPath, account, { tokenFile });
    },
    observePods: (onPod) => observePods({ client, clock, entropy, log: log.of('cluster'), marker }, onPod),
    // A gate waits for a denial, which never comes where policies are not enforced.
    gate: async () => (isIsolated ? cluster.gate.gate : { mode: 'none' }),
    // Its pods' processes and mounts are the containers' own, and go with them.
    marks: () => ({ folders: [folder], cgroup: `wavetank-${config.instance}` }),
  };
}
