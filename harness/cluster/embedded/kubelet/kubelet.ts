import { mkdirSync } from 'node:fs';
import type { RunningResource } from '../../../../core/resource.ts';
import { runningResource } from '../../../../core/resource.ts';
import type { LogOptions, NodeAccess, WatchEvent } from '../api-access.ts';
import { badRequest, notFound } from '../kube-status.ts';
import type { NodeServices } from './node-services.ts';
import { registerNode } from './node-object.ts';
import type { Pod } from './pod-types.ts';
import { PodWorker } from './pod-worker.ts';
import { PODS } from './resources.ts';

export interface RunningKubelet extends RunningResource, NodeAccess {
  /** Pods whose processes, volumes or namespaces may still exist. */
  readonly activePods: number;
}

/** Runs the pods that are bound to this node. */
export function startKubelet(services: NodeServices): RunningKubelet {
  const workers = new Map<string, PodWorker>();
  const ending = new Set<Promise<void>>();
  let isStopped = false;
  mkdirSync(services.logDir, { recursive: true, mode: 0o700 });
  registerNode(services);

  const onPod = (event: WatchEvent): void => {
    const pod = event.object as Pod;
    const uid = pod.metadata.uid ?? '';
    const worker = workers.get(uid);
    if (event.type === 'DELETED') return forget(uid, worker);
    if (isStopped || pod.spec.nodeName !== services.node.nodeName) return;
    if (worker) return worker.observe(pod);
    if (isFinal(pod)) return;
    const started = new PodWorker(services, pod);
    workers.set(uid, started);
    if (pod.metadata.deletionTimestamp !== undefined) started.observe(pod);
  };

  const forget = (uid: string, worker: PodWorker | undefined): void => {
    if (!worker) return;
    workers.delete(uid);
    worker.vanish();
    const gone = worker.shutDown().finally(() => ending.delete(gone));
    ending.add(gone);
  };

  const watch = services.api.watch(PODS, onPod);
  return runningResource(
    {
      get activePods() {
        return workers.size + ending.size;
      },
      containerLogs: (pod: { namespace: string; name: string; uid: string }, container: string, options: LogOptions) =>
        containerLogs(workers.get(pod.uid), pod.name, container, options),
    },
    async () => {
      isStopped = true;
      watch.stop();
      const all = [...workers.values()].map((worker) => worker.shutDown());
      workers.clear();
      await Promise.all([...all, ...ending]);
    },
  );
}

/** A pod that ended on an earlier run of the kubelet. */
function isFinal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

async function* containerLogs(
  worker: PodWorker | undefined,
  pod: string,
  container: string,
  options: LogOptions,
): AsyncGenerator<Uint8Array> {
  if (!worker) throw notFound({ group: '', resource: 'pods' }, pod);
  const log = worker.logOf(container, options.previous === true);
  if (!log) {
    if (options.previous) throw badRequest(`previous terminated container "${container}" in pod "${pod}" not found`);
    throw badRequest(`container "${container}" in pod "${pod}" is waiting to start: ContainerCreating`);
  }
  yield* log.read(options);
}
