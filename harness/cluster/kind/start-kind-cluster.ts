import path from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Logger } from '../../../core/log.ts';
import type { Native } from '../../../core/native.ts';
import type { Net } from '../../../core/net.ts';
import { ResourceStack, runningResource } from '../../../core/resource.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { createKubeClient } from '../../../engine/kubernetes/client.ts';
import { NAMESPACES } from '../../../engine/kubernetes/objects.ts';
import type { PodsApp } from '../../pods-image.ts';
import type { RunningCluster } from '../cluster.ts';
import type { RunningLabGate } from '../probe/lab-gate.ts';
import { startLabGate } from '../probe/lab-gate.ts';
import { commandRunner } from './command.ts';
import type { ClusterLease, KindNode } from './create-cluster.ts';
import { leaseCluster } from './create-cluster.ts';
import { Docker } from './docker.ts';
import { emptyCluster, untilEmpty } from './kept-cluster.ts';
import { KindCli } from './kind-cli.ts';
import { measureKind } from './measure-kind.ts';
import { readMeasured, writeMeasured } from './measured-file.ts';
import type { Preload } from './node-images.ts';
import { NodeImages } from './node-images.ts';
import { buildPodsImage, podsImageName } from './pods-image.ts';
import { sweepClusters } from './remove-cluster.ts';

export interface KindClusterOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly native: Native;
  readonly net: Net;
  readonly log: Logger;
  /** Records of clusters; shared by runs, each uses its own names. */
  readonly stateDir: string;
  /** Part of the cluster's name. */
  readonly instance: string;
  readonly nodeImage: string;
  readonly proxyMode: 'iptables' | 'nftables';
  /** `FROM` of the pods' image: one with Node and a shell. */
  readonly podsBase: string;
  readonly reuse: boolean;
  readonly podsApp: PodsApp;
  /** What pods may name. */
  readonly preloads: readonly Preload[];
  readonly podUser: { readonly uid: number; readonly gid: number };
  /** Ends a start that is under way; what was made is removed. Means nothing afterwards. */
  readonly signal?: AbortSignal;
  /** `false` measures a kept cluster anew. */
  readonly measuredBefore?: boolean;
}

export interface RunningKindCluster extends RunningCluster {
  readonly client: KubeClient;
  readonly name: string;
  readonly node: string;
  readonly podsImage: string;
  /** Digests of the preloaded images, by name. */
  readonly digests: ReadonlyMap<string, string>;
  readonly gate: RunningLabGate;
  /** What the node and its components wrote, for the evidence of a failed run. */
  exportLogs(folder: string): Promise<void>;
}

/** kind's deletion takes a second or two; on a loaded machine the engine may take its time. */
const STOP_MS = 60_000;

/**
 * A kind cluster of one node with our images in it, measured. First removes what killed runs have left in `stateDir`.
 * @throws WavetankError PROGRAM_MISSING, DOCKER_UNAVAILABLE, COMMAND_FAILED, CLUSTER_NOT_READY (environment), CLUSTER_IN_USE, CLUSTER_EXISTS (usage)
 */
export async function startKindCluster(options: KindClusterOptions): Promise<RunningKindCluster> {
  const { stateDir, native, log } = options;
  const run = commandRunner(native);
  const { removed, failed } = await sweepClusters(run, stateDir, { kept: false });
  if (removed.length > 0) log.info('removed what killed runs left', { clusters: removed });
  const [left] = failed;
  if (left) throw left.error;
  const stack = new ResourceStack({ budgetMs: STOP_MS });
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const lease = leaseCluster({ ...options, run, signal });
  let isBroken = true;
  stack.defer('kind cluster', () => lease.release(isBroken));
  const starting = bringUp(options, lease, { stack, signal });
  stack.defer('what is under way', async () => {
    stop.abort();
    await starting.catch(() => undefined);
  });
  try {
    const facts = await starting;
    isBroken = false;
    return runningResource(facts, () => stack.stop());
  } catch (error) {
    if (!signal.aborted) await saveLogs(options, lease);
    // Why it did not start is what a user has to know; what is left then stands in the journal.
    await stack
      .stop()
      .catch((left: unknown) => log.warn('not all of the cluster could be removed', { left: messageOf(left) }));
    throw error;
  }
}

interface Start {
  readonly stack: ResourceStack;
  readonly signal: AbortSignal;
}

async function bringUp(
  options: KindClusterOptions,
  lease: ClusterLease,
  start: Start,
): Promise<Omit<RunningKindCluster, 'stop' | typeof Symbol.asyncDispose>> {
  const { native, clock, net } = options;
  const { stack, signal } = start;
  const run = commandRunner(native);
  const archive = prepareArchive(options, lease, start);
  // How it ended is told below. Before its images are removed nobody may be making them.
  const archiveEnded = archive.then(
    () => undefined,
    () => undefined,
  );
  stack.defer('images on their way', () => archiveEnded);
  const kind = await lease.node;
  const client = await createKubeClient({ kubeconfigPath: kind.kubeconfigPath, net });
  stack.defer('client of the cluster', () => client.close());
  if (kind.isReused) await emptyCluster(client);
  const { podsImage, digests } = await loadImages(options, lease, kind, await archive);
  if (kind.isReused) await untilEmpty(client, clock);
  const gate = await startLabGate({ ...options, client, podsImage, podsCommand: options.podsApp.command, signal });
  stack.defer('gate', () => gate.stop());
  const capabilities = await measured({ ...options, signal }, { kind, client, gate, podsImage });
  signal.throwIfAborted();
  if (options.reuse) stack.defer('what is in the kept cluster', () => emptyCluster(client));
  return {
    backend: 'kind',
    kubeconfigPath: kind.kubeconfigPath,
    hostAddressFromPods: kind.gateway,
    capabilities,
    client,
    name: kind.cluster,
    node: kind.node,
    podsImage,
    digests,
    gate,
    exportLogs: (folder) => new KindCli(run).exportLogs(kind.cluster, path.resolve(folder)),
  };
}

interface Archive {
  readonly images: NodeImages;
  /** The pods' image, as this machine's engine calls it on its way into the cluster; undefined where the cluster has it. */
  readonly builtPods: string | undefined;
  readonly sources: readonly string[];
  readonly file: string | undefined;
}

/** While the cluster comes up: pulls, builds and writes down. A kept cluster is asked first what it has. */
async function prepareArchive(options: KindClusterOptions, lease: ClusterLease, start: Start): Promise<Archive> {
  const { native, log, stateDir, podsBase, preloads, reuse } = options;
  const run = commandRunner(native);
  const docker = new Docker(run);
  const images = new NodeImages({ run, docker, log, stateDir, signal: start.signal });
  await docker.version();
  const sources = [...new Set(preloads.map(({ source }) => source))];
  await images.ensure([...new Set([podsBase, ...sources])]);
  const kept = reuse ? await lease.node : undefined;
  await lease.place;
  const hasPods = kept !== undefined && (await images.has(kept.node, podsImageName(options.podsApp, podsBase)));
  const builtPods = hasPods ? undefined : await build(options, docker, lease);
  const missing = [
    ...(builtPods === undefined ? [] : [builtPods]),
    ...(kept === undefined ? sources : await images.missing(kept.node, sources)),
  ];
  const file = missing.length === 0 ? undefined : await images.save(missing, lease.cluster);
  return { images, builtPods, sources: missing, file };
}

/**
 * Under a name of this run alone, written down before it is made, and gone as soon as the cluster has it. It copies a few files and is let to its end:
 * an engine whose client has gone may name the image later, when it has been looked for and removed.
 */
async function build(
  { podsApp, podsBase, instance }: KindClusterOptions,
  docker: Docker,
  lease: ClusterLease,
): Promise<string> {
  const tag = `${podsImageName(podsApp, podsBase)}-${instance}`;
  lease.noteImages([tag]);
  await buildPodsImage({ app: podsApp, docker, base: podsBase, cluster: lease.cluster }, tag);
  return tag;
}

async function loadImages(
  options: KindClusterOptions,
  lease: ClusterLease,
  { cluster, node }: KindNode,
  { images, builtPods, sources, file }: Archive,
): Promise<{ readonly podsImage: string; readonly digests: ReadonlyMap<string, string> }> {
  if (file !== undefined) await images.load(cluster, node, file, sources);
  const podsImage = podsImageName(options.podsApp, options.podsBase);
  if (builtPods !== undefined) {
    await images.name(node, [{ name: podsImage, source: builtPods }]);
    await new Docker(commandRunner(options.native)).removeImage(builtPods);
    lease.noteImages([]);
  }
  return { podsImage, digests: await images.name(node, options.preloads) };
}

async function measured(
  options: KindClusterOptions,
  { kind, client, gate, podsImage }: { kind: KindNode; client: KubeClient; gate: RunningLabGate; podsImage: string },
): Promise<RunningCluster['capabilities']> {
  const { stateDir, clock, reuse, measuredBefore = true, log } = options;
  const uid = (await client.get(NAMESPACES, { name: 'kube-system' })).metadata.uid ?? '';
  const known = reuse && measuredBefore ? readMeasured(stateDir, kind.cluster, uid) : undefined;
  if (known !== undefined) return known;
  log.info('what the cluster enforces is measured', { cluster: kind.cluster });
  const { capabilities, isComplete } = await measureKind({
    client,
    clock,
    gateway: kind.gateway,
    gate,
    image: podsImage,
    signal: options.signal,
  });
  // A busy cluster that gave no answer is asked again next time.
  if (reuse && isComplete) writeMeasured(stateDir, kind.cluster, uid, capabilities);
  return capabilities;
}

/** A start that failed says more in its node's logs than in its last line. */
async function saveLogs({ native, log, stateDir, instance }: KindClusterOptions, lease: ClusterLease): Promise<void> {
  const kind = await lease.node.catch(() => undefined);
  if (kind === undefined) return;
  const folder = path.resolve(stateDir, '..', 'reports', `kind-${instance}`);
  try {
    await new KindCli(commandRunner(native)).exportLogs(kind.cluster, folder);
    log.error('the cluster did not start; its logs are kept', { folder });
  } catch (error) {
    log.warn('the logs of the cluster could not be kept', { reason: messageOf(error) });
  }
}
