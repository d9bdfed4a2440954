import path from 'node:path';
import { stringify, parse } from 'yaml';
import { readFileSync } from 'node:fs';
import { WavetankError } from '../../core/errors.ts';
import { CANARY_POD } from '../../engine/operator-engine/gate/canary-pods.ts';
import { DEFAULT_POD_SETTINGS } from '../../engine/operator-engine/settings.ts';
import { preparePodsApp } from '../pods-image.ts';
import type { StartContext } from '../testbed/start-context.ts';
import { canonicalImage, parseImageName } from './kind/image-names.ts';
import type { Preload } from './kind/node-images.ts';
import type { RunningKindCluster } from './kind/start-kind-cluster.ts';
import { startKindCluster } from './kind/start-kind-cluster.ts';
import type { LabCluster } from './lab-cluster.ts';
import { NAMESPACE } from './namespace.ts';
import { observePods } from './observe-pods.ts';
import { CANARY_NAMESPACE } from './probe/lab-gate.ts';
import { serviceAccountToken } from './service-account-token.ts';

/** What algorithms of a lab may name without being told of a stand-in. */
const NODE_IMAGE = 'node:24';
/** Jobs of a lab share a machine that is small more often than not. */
const CPU_OVERCOMMIT = 20;

/** A kind cluster, as testbeds see it. Stopped with the context's stack. */
export async function startKindLabCluster(context: StartContext): Promise<LabCluster> {
  const { config, folder, stack, clock, entropy, native, net, log } = context;
  const podsApp = await preparePodsApp(path.join(config.stateRoot, 'pods-app'));
  const preloads = preloadsOf(config);
  const stop = new AbortController();
  const starting = stack.start('cluster', () =>
    startKindCluster({
      clock,
      entropy,
      native,
      net,
      log: log.of('cluster'),
      stateDir: path.join(config.stateRoot, 'kind'),
      instance: config.instance,
      nodeImage: config.kind.nodeImage,
      proxyMode: config.kind.proxyMode,
      podsBase: config.kind.baseImage,
      reuse: config.kind.reuse,
      podsApp,
      preloads,
      podUser: DEFAULT_POD_SETTINGS.podUser,
      signal: stop.signal,
    }),
  );
  // Undone first: whoever stops a start does not wait for its end.
  stack.defer('start of the cluster', () =>
    stop.abort(new WavetankError('START_STOPPED', 'The start was stopped.', { category: 'interrupted' })),
  );
  const cluster = await starting;
  const isolated = cluster.capabilities.network.enforcement === 'enforced';
  return {
    ...cluster,
    namespace: NAMESPACE,
    apiUrl: cluster.client.server,
    listenHosts: [cluster.hostAddressFromPods],
    images: imagesOf(cluster, preloads),
    pods: { image: cluster.podsImage, command: podsApp.command },
    engine: { imagePullPolicy: config.kind.pull ? 'IfNotPresent' : 'Never', cpuOvercommit: CPU_OVERCOMMIT },
    kubeconfigOf: (name, namespace) => kubeconfigOf(cluster, { name, namespace }),
    observePods: (onPod) =>
      observePods(
        {
          client: cluster.client,
          clock,
          entropy,
          log: log.of('cluster'),
          marker: { name: CANARY_POD, namespace: CANARY_NAMESPACE },
        },
        onPod,
      ),
    // A gate waits for a denial, which never comes where policies are not enforced.
    gate: async () => (isolated ? cluster.gate.gate : { mode: 'none' }),
    // Its pods' processes and mounts are the container's own, and go with it.
    marks: () => ({ folders: [folder], cgroup: `wavetank-${config.instance}` }),
  };
}

function preloadsOf({ kind, images }: StartContext['config']): Preload[] {
  const standIns = images.map((text) => {
    const at = text.lastIndexOf('=');
    return { name: text.slice(0, at), source: text.slice(at + 1) };
  });
  const isGiven = standIns.some(({ name }) => canonicalImage(name) === canonicalImage(NODE_IMAGE));
  return [...standIns, ...(isGiven ? [] : [{ name: NODE_IMAGE, source: kind.baseImage }])];
}

/** Images are loaded under other names than this machine's engine has them: each of those stands in for what a registry would give. */
function imagesOf({ digests }: RunningKindCluster, preloads: readonly Preload[]): LabCluster['images'] {
  return {
    standIns: preloads
      .filter(({ name, source }) => canonicalImage(name) !== canonicalImage(source))
      .map(({ name, source }) => `${name}=${source}`),
    digestOf(image) {
      const { repository, tag } = parseImageName(image);
      const found = [...digests].find(([name]) => {
        const known = parseImageName(name);
        return known.repository === repository && (tag === undefined || known.tag === tag);
      });
      if (found) return found[1];
      throw new WavetankError('IMAGE_NOT_LOADED', `The cluster was not given the image ${image}.`, {
        category: 'usage',
        hint: `Give it one: --image ${image}=LOCAL.`,
      });
    },
  };
}

/** The administrator's file with the service account's token in place of the administrator's certificate. */
async function kubeconfigOf(
  { kubeconfigPath, client }: RunningKindCluster,
  account: { readonly name: string; readonly namespace: string },
): Promise<string> {
  const token = await serviceAccountToken(client, account);
  const { name, namespace } = account;
  const { clusters } = parse(readFileSync(kubeconfigPath, 'utf8')) as { clusters: { name: string }[] };
  const cluster = clusters[0]?.name ?? '';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters,
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster, user: name, namespace } }],
  });
}
