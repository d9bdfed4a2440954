import path from 'node:path';
import { WavetankError } from '../../core/errors.ts';
import { DEFAULT_POD_SETTINGS } from '../../engine/operator-engine/settings.ts';
import { preparePodsApp } from '../pods-image.ts';
import type { StartContext } from '../testbed/start-context.ts';
import type { ExistingImages } from './existing/images.ts';
import { imagesFrom, nameAndTag } from './existing/images.ts';
import { testbedLabels } from './existing/ownership.ts';
import { startExistingCluster } from './existing/start-existing-cluster.ts';
import { canonicalImage, parseImageName } from './kind/image-names.ts';
import type { LabCluster } from './lab-cluster.ts';
import { CPU_OVERCOMMIT, realLabCluster, startAbortable } from './real-lab-cluster.ts';

/** A place in a cluster that is there already, as testbeds see it. Stopped with the context's stack. */
export async function startExistingLabCluster(context: StartContext): Promise<LabCluster> {
  const { config, clock, entropy, net, log } = context;
  const { kubeconfig = '', namespace, advertise } = config.cluster;
  const images = imagesFrom(config.images);
  const podsApp = await preparePodsApp(path.join(config.stateRoot, 'pods-app'));
  const cluster = await startAbortable(context, (signal) =>
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
      signal,
    }),
  );
  return {
    ...cluster,
    ...realLabCluster(context, cluster, cluster.namespaces.canary),
    namespace: cluster.namespaces.jobs,
    images: {
      standIns: images.standIns,
      node: nameAndTag(images.node),
      digestOf: (image) => digestOf(images, cluster.nodeDigest, image),
    },
    pods: { image: cluster.podsImage, command: cluster.podsCommand },
    engine: { cpuOvercommit: CPU_OVERCOMMIT },
    install: { labels: testbedLabels(config.instance), sharedStay: true },
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
