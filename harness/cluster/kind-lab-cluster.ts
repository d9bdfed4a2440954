import path from 'node:path';
import { WavetankError } from '../../core/errors.ts';
import { DEFAULT_POD_SETTINGS } from '../../engine/operator-engine/settings.ts';
import { preparePodsApp } from '../pods-image.ts';
import type { StartContext } from '../testbed/start-context.ts';
import { canonicalImage, parseImageName } from './kind/image-names.ts';
import type { Preload } from './kind/node-images.ts';
import type { RunningKindCluster } from './kind/start-kind-cluster.ts';
import { startKindCluster } from './kind/start-kind-cluster.ts';
import type { LabCluster } from './lab-cluster.ts';
import { NAMESPACE } from './namespace.ts';
import { CANARY_NAMESPACE } from './probe/lab-gate.ts';
import { CPU_OVERCOMMIT, realLabCluster, startAbortable } from './real-lab-cluster.ts';

/** What algorithms of a lab may name without being told of a stand-in. */
const NODE_IMAGE = 'node:24';

/** A kind cluster, as testbeds see it. Stopped with the context's stack. */
export async function startKindLabCluster(context: StartContext): Promise<LabCluster> {
  const { config, clock, entropy, native, net, log } = context;
  const podsApp = await preparePodsApp(path.join(config.stateRoot, 'pods-app'));
  const preloads = preloadsOf(config);
  const cluster = await startAbortable(context, (signal) =>
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
      signal,
    }),
  );
  return {
    ...cluster,
    ...realLabCluster(context, cluster, CANARY_NAMESPACE),
    namespace: NAMESPACE,
    images: imagesOf(cluster, preloads),
    pods: { image: cluster.podsImage, command: podsApp.command },
    engine: { imagePullPolicy: config.kind.pull ? 'IfNotPresent' : 'Never', cpuOvercommit: CPU_OVERCOMMIT },
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
