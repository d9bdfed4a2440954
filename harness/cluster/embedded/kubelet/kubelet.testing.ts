import { systemClock } from '../../../../core/clock.ts';
import type { Clock } from '../../../../core/clock.ts';
import { seededEntropy } from '../../../../core/entropy.ts';
import { silentLogger } from '../../../../core/log.ts';
import { createNative } from '../../../../core/native.ts';
import { ResourceStack } from '../../../../core/resource.ts';
import type { LogOptions } from '../api-access.ts';
import type { LauncherKind } from '../launcher/launcher.ts';
import { startBench } from '../launcher/sandbox.testing.ts';
import type { DeniedAttempt } from '../network/pod-network.ts';
import { createPodNetwork } from '../network/pod-network.ts';
import { createImageCatalogue } from './images.ts';
import type { ImageCatalogue } from './images.ts';
import type { RunningKubelet } from './kubelet.ts';
import { startKubelet } from './kubelet.ts';
import { startLocalProvisioner } from './local-provisioner.ts';
import { MemoryApi } from './memory-api.testing.ts';
import { NODE_ADDRESS, NODE_NAME, nodeCapacity } from './node-object.ts';
import type { Container, Pod, PodSpec } from './pod-types.ts';
import { PODS } from './resources.ts';

export interface KubeletBench extends AsyncDisposable {
  readonly api: MemoryApi;
  readonly kubelet: RunningKubelet;
  readonly logDir: string;
  readonly images: ImageCatalogue;
  readonly denied: DeniedAttempt[];
  readonly isolated: boolean;
  readonly why: string;
  readonly cgroups: boolean;
  create(name: string, spec: Partial<PodSpec> & { containers: Container[] }, labels?: Record<string, string>): Pod;
  /** The pod once `holds`; follows its changes. */
  until(name: string, holds: (pod: Pod) => boolean): Promise<Pod>;
  gone(name: string): Promise<void>;
  logs(pod: Pod, container?: string, options?: LogOptions): Promise<string>;
}

export const NAMESPACE = 'lab';

export async function startKubeletBench(
  options: { clock?: Clock; launcher?: LauncherKind } = {},
): Promise<KubeletBench> {
  const stack = new ResourceStack();
  const bench = await startBench(options.launcher);
  stack.defer('launcher', async () => bench[Symbol.asyncDispose]());
  const { launcher } = bench;
  const api = new MemoryApi();
  const clock = options.clock ?? systemClock;
  const native = createNative();
  const images = createImageCatalogue({ nodePath: process.execPath });
  const log = silentLogger;
  const provisioner = startLocalProvisioner({ api, launcher, nodeName: NODE_NAME, log });
  stack.defer('provisioner', () => provisioner.stop());
  const denied: DeniedAttempt[] = [];
  const egress = createPodNetwork({
    api,
    launcher,
    clock,
    native,
    nodeAddress: NODE_ADDRESS,
    guardedPorts: () => [],
    onDenied: (attempt) => denied.push(attempt),
  });
  const kubelet = startKubelet({
    api,
    launcher,
    images,
    provisioner,
    egress,
    node: { nodeName: NODE_NAME, hostIp: NODE_ADDRESS, allocatable: nodeCapacity() },
    clock,
    entropy: seededEntropy('kubelet'),
    native,
    log,
    logDir: `${bench.dir}/logs`,
    pidsLimit: 64,
    openFiles: 1024,
  });
  stack.defer('kubelet', () => kubelet.stop());
  const until: KubeletBench['until'] = (name, holds) =>
    new Promise((resolve) => {
      const watch = api.watch(PODS, ({ object }) => {
        if (object.metadata.name !== name || !holds(object as Pod)) return;
        queueMicrotask(() => watch.stop());
        resolve(object as Pod);
      });
    });
  return {
    api,
    kubelet,
    logDir: `${bench.dir}/logs`,
    images,
    denied,
    isolated: launcher.facts.isolated,
    why: launcher.facts.why,
    cgroups: launcher.facts.cgroups !== 'absent',
    create: (name, spec, labels = {}) =>
      api.create(PODS, NAMESPACE, { metadata: { name, labels }, spec: { restartPolicy: 'Never', ...spec } }) as Pod,
    until,
    gone: (name) =>
      new Promise((resolve) => {
        const watch = api.watch(PODS, ({ type, object }) => {
          if (type !== 'DELETED' || object.metadata.name !== name) return;
          queueMicrotask(() => watch.stop());
          resolve();
        });
      }),
    async logs(pod, container = 'main', logOptions = {}) {
      const parts: Uint8Array[] = [];
      const { namespace = '', name = '', uid = '' } = pod.metadata;
      for await (const part of kubelet.containerLogs({ namespace, name, uid }, container, logOptions)) parts.push(part);
      return Buffer.concat(parts).toString('utf8');
    },
    [Symbol.asyncDispose]: () => stack.stop(),
  };
}

export function shell(script: string, extra: Partial<Container> = {}): Container {
  return { name: 'main', image: 'debian', command: ['sh', '-c', script], ...extra };
}

export function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Restricted, so that no proxy is started for it. */
export function denyAll(api: MemoryApi): void {
  api.create({ group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' }, NAMESPACE, {
    metadata: { name: 'deny-all' },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
}
