import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import { randomHex, systemEntropy } from '../../../core/entropy.ts';
import { WavetankError } from '../../../core/errors.ts';
import type { Logger } from '../../../core/log.ts';
import type { Net } from '../../../core/net.ts';
import { createKubeClient } from '../../../engine/kubernetes/client.ts';
import { ownerOf, thisProcess } from '../../../core/process/process-owner.ts';
import type { KindSettings } from './cluster-config.ts';
import { configHash, kindConfig } from './cluster-config.ts';
import type { RunCommand } from './command.ts';
import { Docker, TOKEN_LABEL, ownerLabels } from './docker.ts';
import type { KindRecord } from './journal.ts';
import { isInUse, readRecord, writeRecord } from './journal.ts';
import { KindCli, nodeOf } from './kind-cli.ts';
import { untilReady } from './ready.ts';
import { isMadeFor, removeCluster } from './remove-cluster.ts';

export interface CreateOptions extends KindSettings {
  readonly run: RunCommand;
  readonly clock: Clock;
  readonly net: Net;
  readonly log: Logger;
  /** Records of clusters, their kubeconfigs. */
  readonly stateDir: string;
  /** Part of the cluster's name. */
  readonly instance: string;
  /** Takes the kept cluster with the same settings, or makes one that is kept. */
  readonly reuse: boolean;
  readonly signal: AbortSignal;
}

/** A cluster of kind's that answers. */
export interface KindNode {
  readonly cluster: string;
  /** The container that is its only node. */
  readonly node: string;
  readonly kubeconfigPath: string;
  /** This machine's address in the cluster's network. */
  readonly gateway: string;
  readonly isReused: boolean;
}

/** Removed, or given back, exactly once: before the creation is over it stops the creation. */
export interface ClusterLease {
  readonly cluster: string;
  readonly node: Promise<KindNode>;
  /** Resolves when the name is this lease's in the Docker engine: before, what carries it may be somebody else's. */
  readonly place: Promise<void>;
  /** Images that are in the Docker engine for this cluster alone; written down before they are made. */
  noteImages(names: readonly string[]): void;
  /** `isBroken` removes a kept cluster too. */
  release(isBroken?: boolean): Promise<void>;
}

/**
 * Starts to make a cluster, or takes a kept one. What it makes is in the journal before it is made. A cluster, or a network, of the same name that this
 * journal did not make is left alone: then `node` rejects with CLUSTER_EXISTS (usage).
 * @throws WavetankError CLUSTER_IN_USE (usage): another testbed has the kept cluster
 */
export function leaseCluster(options: CreateOptions): ClusterLease {
  const { stateDir, instance, reuse } = options;
  const cluster = `wavetank-${reuse ? `kept-${configHash(options, path.resolve(stateDir))}` : instance}`;
  const before = readRecord(stateDir, cluster);
  if (before !== undefined && isInUse(before)) throw inUse(cluster);
  let record: KindRecord = {
    cluster,
    // Not from the seams: the same seed would give two testbeds the same one.
    token: before === undefined ? randomHex(systemEntropy, 16) : before.token,
    kubeconfigPath: path.join(path.resolve(stateDir), `${cluster}.kubeconfig`),
    nodeImage: options.nodeImage,
    images: before?.images ?? [],
    owner: thisProcess(),
    isKept: reuse,
    isComplete: before?.isComplete ?? false,
  };
  const note = (changes: Partial<KindRecord>): void => {
    record = { ...record, ...changes };
    writeRecord(stateDir, record);
  };
  note({});
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const place = Promise.withResolvers<void>();
  const node = bringUp({ ...options, signal }, record, { note, claimed: place.resolve });
  node.then(() => place.resolve(), place.reject);
  place.promise.catch(() => undefined); // told to whoever awaits it
  return {
    cluster,
    node,
    place: place.promise,
    noteImages: (names) => note({ images: [...names] }),
    async release(isBroken = false) {
      stop.abort(new WavetankError('CLUSTER_RELEASED', 'The cluster is wanted no more.', { category: 'interrupted' }));
      const isUp = await node.then(
        () => true,
        () => false,
      );
      if (reuse && isUp && !isBroken) note({ owner: undefined });
      else await removeCluster(options.run, stateDir, record, options.clock);
    },
  };
}

interface Progress {
  /** Changes the record. */
  note(changes: Partial<KindRecord>): void;
  /** The name is ours. */
  claimed(): void;
}

async function bringUp(options: CreateOptions, record: KindRecord, progress: Progress): Promise<KindNode> {
  const { run, log } = options;
  const { cluster, kubeconfigPath } = record;
  const docker = new Docker(run);
  await docker.version();
  const names = await new KindCli(run).clusters();
  const isReused = record.isComplete && names.includes(cluster) && existsSync(kubeconfigPath);
  if (isReused) log.info('a kept cluster is taken', { cluster });
  else await create(options, record, names, progress);
  chmodSync(kubeconfigPath, 0o600);
  const client = await createKubeClient({ kubeconfigPath, net: options.net });
  try {
    await untilReady(client, options);
  } finally {
    await client.close();
  }
  progress.note({ isComplete: true, child: undefined });
  const node = nodeOf(cluster);
  return { cluster, node, kubeconfigPath, gateway: await docker.gatewayOf(node), isReused };
}

async function create(
  options: CreateOptions,
  record: KindRecord,
  names: readonly string[],
  { note, claimed }: Progress,
): Promise<void> {
  const { run, log, stateDir, nodeImage, signal } = options;
  const { cluster, kubeconfigPath, token } = record;
  const docker = new Docker(run);
  // A kept one that was cut off, or that answers no more.
  if (await isMadeFor(record, docker)) await removeCluster(run, stateDir, record, options.clock);
  else if (names.includes(cluster)) throw exists(cluster);
  note({ isComplete: false });
  signal.throwIfAborted();
  mkdirSync(stateDir, { recursive: true });
  const configFile = path.join(stateDir, `${cluster}.yaml`);
  writeFileSync(configFile, kindConfig(options), { mode: 0o600 });
  try {
    const labels = { ...ownerLabels(cluster), ...(token === undefined ? {} : { [TOKEN_LABEL]: token }) };
    // Of two that want the name, one gets the network.
    if (!(await docker.createNetwork(cluster, labels))) throw exists(cluster);
    claimed();
    log.info('a kind cluster is created', { cluster, nodeImage });
    await new KindCli(run).create(
      { name: cluster, nodeImage, configFile, kubeconfigPath, network: cluster },
      {
        signal,
        onLine: (line) => tell(log, cluster, line),
        onStart: (pid) => note({ child: ownerOf(pid) }),
      },
    );
  } finally {
    rmSync(configFile, { force: true });
  }
}

/** kind says what it is at with a bullet, and a tick when it is done. */
function tell(log: Logger, cluster: string, line: string): void {
  const step = /^\s*[•✓]\s+([^\u{1F000}-\u{1FFFF}\u2600-\u27BF]+)/u.exec(line)?.[1]?.trim();
  if (step !== undefined && line.includes('•')) log.info('kind', { cluster, step });
}

function exists(cluster: string): WavetankError {
  return new WavetankError(
    'CLUSTER_EXISTS',
    `The Docker engine has a cluster or a network ${cluster} that was not made from this state folder.`,
    {
      category: 'usage',
      hint: `Use another \`instance\`, or \`wavetank down --state FOLDER\` with the state folder it was made from. If it is nobody's: \`kind delete cluster --name ${cluster}; docker network rm ${cluster}\`.`,
    },
  );
}

function inUse(cluster: string): WavetankError {
  return new WavetankError('CLUSTER_IN_USE', `Another testbed uses the kept cluster ${cluster}.`, {
    category: 'usage',
    hint: 'Wait for it, or leave out --reuse.',
  });
}
