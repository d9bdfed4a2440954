import { systemClock } from '../../../core/clock.ts';
import { WavetankError } from '../../../core/errors.ts';
import { createNet } from '../../../core/net.ts';
import type { RunningResource } from '../../../core/resource.ts';
import { ResourceStack, runningResource } from '../../../core/resource.ts';
import { systemSeams } from '../../../core/seams.ts';
import { LABELS, WORKFLOWS, objectNames } from '../../../engine/api/names.ts';
import type { WorkFlow } from '../../../engine/api/workflow.ts';
import { createKubeClient } from '../../../engine/kubernetes/client.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import { CONFIG_MAPS, PODS, SECRETS, VOLUME_CLAIMS } from '../../../engine/kubernetes/objects.ts';
import type { Pod } from '../../../engine/kubernetes/pod-types.ts';
import type { Reflector } from '../../../engine/kubernetes/reflector.ts';
import { startReflector } from '../../../engine/kubernetes/reflector.ts';

/** What of a job is in the cluster now. */
export interface JobView {
  readonly workflow: WorkFlow | undefined;
  /** By stage. */
  readonly pods: Readonly<Partial<Record<string, Pod>>>;
  /** `pods/job-…-compute`: everything that carries the job's label. */
  readonly objects: readonly string[];
}

export interface ClusterWatch extends RunningResource {
  see(jobId: string): JobView;
  /** The status that each of its pods had last, by stage; also when they are gone. */
  lastPods(jobId: string): Readonly<Record<string, Pod['status']>>;
  /** Is told by the cluster's watches. @throws WavetankError WAIT_TIMEOUT with what was there last */
  until<T>(jobId: string, what: string, observe: (view: JobView) => T | undefined): Promise<T>;
  /** The container of a job's compute pod, which runs, has printed this line. @throws Error when its log ended without it */
  heard(jobId: string, line: string): Promise<void>;
}

const WATCHED: readonly Resource[] = [WORKFLOWS, PODS, VOLUME_CLAIMS, SECRETS, CONFIG_MAPS];

/** The administrator's eyes on all jobs. */
export async function watchCluster(
  kubeconfigPath: string,
  namespace: string,
  patienceMs: number,
): Promise<ClusterWatch> {
  const stack = new ResourceStack();
  const net = createNet();
  stack.defer('connections', () => net.close());
  const client = await createKubeClient({ kubeconfigPath, net });
  const seams = systemSeams({ net });
  const listeners = new Set<() => void>();
  const reflectors = new Map<Resource, Reflector<KubeObject>>();
  for (const resource of WATCHED) {
    const reflector = await stack.start(resource.resource, async () =>
      startReflector<KubeObject>({ client, seams, resource, namespace, labelSelector: LABELS.job }),
    );
    reflector.cache.onChange(() => listeners.forEach((listener) => listener()));
    reflectors.set(resource, reflector);
  }
  const lastStatus = new Map<string, Record<string, Pod['status']>>();
  reflectors.get(PODS)?.cache.onChange((_key, object) => {
    const { metadata, status } = (object ?? { metadata: {} }) as Pod;
    const { [LABELS.job]: jobId, [LABELS.stage]: stage } = metadata.labels ?? {};
    if (jobId && stage) lastStatus.set(jobId, { ...lastStatus.get(jobId), [stage]: status });
  });
  await Promise.all([...reflectors.values()].map(({ synced }) => synced));
  const of = (resource: Resource, jobId: string): KubeObject[] =>
    reflectors
      .get(resource)
      ?.cache.list()
      .filter(({ metadata }) => metadata.labels?.[LABELS.job] === jobId) ?? [];
  const see = (jobId: string): JobView => ({
    workflow: of(WORKFLOWS, jobId).find(({ metadata }) => metadata.name === objectNames.workflow(jobId)) as
      | WorkFlow
      | undefined,
    pods: Object.fromEntries(of(PODS, jobId).map((pod) => [pod.metadata.labels?.[LABELS.stage], pod])),
    objects: WATCHED.flatMap((resource) =>
      of(resource, jobId).map(({ metadata }) => `${resource.resource}/${metadata.name}`),
    ),
  });
  async function until<T>(jobId: string, what: string, observe: (view: JobView) => T | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = (): void => {
      const seen = observe(see(jobId));
      if (seen !== undefined) resolve(seen);
    };
    const timer = systemClock.after(patienceMs, () => {
      const { workflow, objects } = see(jobId);
      const details = { jobId, objects, status: workflow?.status };
      reject(new WavetankError('WAIT_TIMEOUT', `Waited for ${what}: ${JSON.stringify(details)}`, { details }));
    });
    listeners.add(look);
    look();
    try {
      return await promise;
    } finally {
      timer.cancel();
      listeners.delete(look);
    }
  }
  async function heard(jobId: string, line: string): Promise<void> {
    const name = objectNames.pod(jobId, 'compute');
    const signal = AbortSignal.timeout(patienceMs);
    for await (const said of client.followLog({ name, namespace }, { signal })) {
      if (said === line) return;
    }
    throw new Error(`${name} never said ${line}.`);
  }
  const lastPods = (jobId: string): Record<string, Pod['status']> => lastStatus.get(jobId) ?? {};
  return runningResource({ see, lastPods, until, heard }, () => stack.stop());
}
