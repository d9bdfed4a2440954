import path from 'node:path';
import { WavetankError } from '../../core/errors.ts';
import { CANARY_POD } from '../../engine/operator-engine/gate/canary-pods.ts';
import { DEFAULT_POD_SETTINGS } from '../../engine/operator-engine/settings.ts';
import { preparePodsApp } from '../pods-image.ts';
import type { StartContext } from '../testbed/start-context.ts';
import { accountKubeconfig } from './existing/account-kubeconfig.ts';
import type { ExistingImages } from './existing/images.ts';
import { imagesFrom, nameAndTag } from './existing/images.ts';
import { testbedLabels } from './existing/ownership.ts';
import { startExistingCluster } from './existing/start-existing-cluster.ts';
import { canonicalImage, parseImageName } from './kind/image-names.ts';
import type { LabCluster } from './lab-cluster.ts';
import { observePods } from './observe-pods.ts';

/** Jobs of a lab are small and many, and the nodes are others' too: memory is promised once, processors share. */
const CPU_OVERCOMMIT = 20;

/** A place in a cluster that is there already, as testbeds see it. Stopped with the context's stack. */
export async function startExistingLabCluster(context: StartContext): Promise<LabCluster> {
  const { config, folder, stack, clock, entropy, net, log } = context;
  const { kubeconfig = '', namespace, advertise } = config.cluster;
  const images = imagesFrom(config.images);
  const podsApp = await preparePodsApp(path.join(config.stateRoot, 'pods-app'));
  const stop = new AbortController();
  const starting = stack.start('cluster', () =>
    startExistingCluster({
      clock,
      entropy,
      net,
      log: log.of('cluster'),
      kubeconfigPath: kubeconfig,
      instance: config.instance,
      namespace,
      advertise,
      images,
      podsApp,
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
    namespace: cluster.namespaces.jobs,
    apiUrl: cluster.client.server,
    listenHosts: [cluster.hostAddressFromPods],
    images: {
      standIns: images.standIns,
      node: nameAndTag(images.node),
      digestOf: (image) => digestOf(images, cluster.nodeDigest, image),
    },
    pods: { image: cluster.podsImage, command: cluster.podsCommand },
    engine: { cpuOvercommit: CPU_OVERCOMMIT },
    install: { labels: testbedLabels(config.instance), sharedStay: true },
    kubeconfigOf: (name, place) => accountKubeconfig(kubeconfig, cluster.client, { name, namespace: place }),
    observePods: (onPod) =>
      observePods(
        {
          client: cluster.client,
          clock,
          entropy,
          log: log.of('cluster'),
          marker: { name: CANARY_POD, namespace: cluster.namespaces.canary },
        },
        onPod,
      ),
    // A gate waits for a denial, which never comes where policies are not enforced.
    gate: async () => (isolated ? cluster.gate.gate : { mode: 'none' }),
    marks: () => ({ folders: [folder], cgroup: `wavetank-${config.instance}` }),
  };
}

/** @throws WavetankError IMAGE_NOT_LOADED (usage) */
function digestOf({ node }: ExistingImages, digest: string, image: string): string {
  const known = [node, 'node:24'].map((name) => parseImageName(name).repository);
  if (known.includes(parseImageName(image).repository)) return digest;
  throw new WavetankError('IMAGE_NOT_LOADED', `The digest of ${canonicalImage(image)} is not known here.`, {
    category: 'usage',
    hint: 'Name it in the DDO of the algorithm: the cluster pulls what a job names.',
  });
}
