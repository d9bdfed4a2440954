import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { randomHex } from '../../../core/entropy.ts';
import type { Logger } from '../../../core/log.ts';
import type { Native } from '../../../core/native.ts';
import { ResourceStack, runningResource } from '../../../core/resource.ts';
import { shortTmpdir } from '../../../core/short-tmpdir.ts';
import type { RunningCluster } from '../cluster.ts';
import type { NodeAccess } from './api-access.ts';
import type { RunningApiServer } from './api-server.ts';
import { startApiServer } from './api-server.ts';
import { createImageCatalogue } from './kubelet/images.ts';
import type { ImageCatalogue } from './kubelet/images.ts';
import { startKubelet } from './kubelet/kubelet.ts';
import { startLocalProvisioner } from './kubelet/local-provisioner.ts';
import { NODE_ADDRESS, NODE_NAME, nodeCapacity } from './kubelet/node-object.ts';
import { notFound } from './kube-status.ts';
import { chooseLauncher } from './launcher/choose-launcher.ts';
import { openJournal, sweep } from './launcher/journal.ts';
import { claimDirectory } from './launcher/strays.ts';
import type { Launcher, LauncherKind } from './launcher/launcher.ts';
import { hardOpenFileLimit } from './launcher/tools.ts';
import { measureCapabilities } from './measure-capabilities.ts';
import type { DeniedAttempt } from './network/pod-network.ts';
import { createPodNetwork } from './network/pod-network.ts';

export interface EmbeddedClusterOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly native: Native;
  readonly log: Logger;
  /** For the kubeconfig, container logs and the journal of this run; shared by runs, each uses its own names. */
  readonly stateDir: string;
  /** Folder that the image `wavetank/pods` has at /app. */
  readonly podsAppDir?: string;
  /** `NAME[:TAG][@DIGEST]=LOCAL` */
  readonly images?: readonly string[];
  readonly launcher?: LauncherKind;
  /** Called for every connection of a pod that was refused. */
  readonly onDenied?: (attempt: DeniedAttempt) => void;
  /** Default: kept with the journal, per boot. `false` measures anew. */
  readonly capabilityCache?: boolean;
}

export interface RunningEmbeddedCluster extends RunningCluster {
  readonly api: RunningApiServer;
  readonly images: ImageCatalogue;
  readonly launcher: Pick<Launcher, 'kind' | 'facts'>;
  readonly instance: string;
  /** Pods whose processes or volumes may still exist. */
  activePods(): number;
}

/** Most processes in one container and, per process, open files. */
const PIDS_LIMIT = 256;
const OPEN_FILES = 65_536;

/**
 * A Kubernetes cluster of one node in this process: API server, controllers, kubelet. Pods are sandboxed processes.
 * First removes what a killed run left in `stateDir`.
 * @throws WavetankError LAUNCHER_UNAVAILABLE when the launcher that was asked for does not work here.
 */
export async function startEmbeddedCluster(options: EmbeddedClusterOptions): Promise<RunningEmbeddedCluster> {
  const { clock, entropy, native, log, stateDir } = options;
  const swept = sweep(stateDir);
  if (Object.values(swept).some((count) => count > 0)) log.info('removed what a killed run left', { ...swept });
  const stack = new ResourceStack();
  const instance = randomHex(entropy, 4);
  try {
    const journal = openJournal(stateDir, instance);
    stack.defer('journal', () => journal.close());
    const ownDirectory = (name: string, base: string): string => {
      const path = makeDirectory(base);
      journal.add({ kind: 'directory', path });
      stack.defer(name, () => rmSync(path, { recursive: true, force: true }));
      return path;
    };
    const diskDir = ownDirectory('disk directory', shortTmpdir());
    const runtimeDir = ownDirectory('runtime directory', memoryDir());
    const node: { access?: NodeAccess } = {};
    const logs: NodeAccess = {
      containerLogs(pod, container, logOptions) {
        if (!node.access) throw notFound({ group: '', resource: 'pods' }, pod.name);
        return node.access.containerLogs(pod, container, logOptions);
      },
    };
    const [launcher, api] = await Promise.all([
      stack.start('launcher', () =>
        chooseLauncher({
          native,
          instance,
          runtimeDir,
          diskDir,
          journal,
          ...(options.launcher ? { want: options.launcher } : {}),
        }),
      ),
      stack.start('API server', () => startApiServer({ clock, entropy, log, nodeAccess: logs })),
    ]);
    const images = createImageCatalogue({
      nodePath: process.execPath,
      standIns: options.images ?? [],
      ...(options.podsAppDir === undefined ? {} : { podsAppDir: options.podsAppDir }),
    });
    const cache = options.capabilityCache === false ? {} : { cacheDir: stateDir };
    const measuring = measureCapabilities({ launcher, images, clock, entropy, ...cache });
    const provisioner = startLocalProvisioner({ api: api.access, launcher, nodeName: NODE_NAME, log });
    stack.defer('volumes', () => provisioner.stop());
    const egress = createPodNetwork({
      api: api.access,
      launcher,
      clock,
      native,
      nodeAddress: NODE_ADDRESS,
      guardedPorts: () => [Number(new URL(api.url).port)],
      onDenied: (attempt) => {
        log.info('connection of a pod refused', { ...attempt });
        options.onDenied?.(attempt);
      },
    });
    const kubelet = startKubelet({
      api: api.access,
      launcher,
      images,
      provisioner,
      egress,
      node: { nodeName: NODE_NAME, hostIp: NODE_ADDRESS, allocatable: nodeCapacity() },
      clock,
      entropy,
      native,
      log,
      logDir: join(diskDir, 'logs'),
      pidsLimit: PIDS_LIMIT,
      openFiles: Math.min(OPEN_FILES, hardOpenFileLimit()),
    });
    stack.defer('kubelet', () => kubelet.stop());
    node.access = kubelet;
    const capabilities = await measuring;
    const kubeconfigPath = join(stateDir, `${instance}.kubeconfig`);
    stack.defer('kubeconfig', () => rmSync(kubeconfigPath, { force: true }));
    writeFileSync(kubeconfigPath, api.kubeconfig(), { mode: 0o600 });
    const facts = {
      backend: 'embedded' as const,
      kubeconfigPath,
      hostAddressFromPods: launcher.facts.isolated ? NODE_ADDRESS : '127.0.0.1',
      capabilities,
      api,
      images,
      launcher: { kind: launcher.kind, facts: launcher.facts },
      instance,
      activePods: () => kubelet.activePods,
    };
    return runningResource(facts, () => stack.stop());
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** Not to be guessed, since other users of the machine may enter it. */
function makeDirectory(base: string): string {
  const dir = mkdtempSync(join(base, 'wt-'));
  claimDirectory(dir);
  chmodSync(dir, 0o711);
  return dir;
}

/** Starting a container makes some sixty small files: in memory that does not wait for a disk. */
function memoryDir(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return shortTmpdir();
  }
}
