import type { Stage } from '../../../engine/api/names.ts';
import { LABELS } from '../../../engine/api/names.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import type { KubeObject } from '../../../engine/kubernetes/objects.ts';
import { PODS, VOLUME_CLAIMS } from '../../../engine/kubernetes/objects.ts';
import type { Pod } from '../../../engine/kubernetes/pod-types.ts';
import { NAMESPACE } from '../../../harness/cluster/namespace.ts';

export interface VolumeClaim extends KubeObject {
  readonly spec: {
    readonly storageClassName?: string;
    readonly accessModes: readonly string[];
    readonly resources: object;
  };
}

/** What a job has in the cluster, as the API server completed it. */
export interface JobObjects {
  readonly pods: Readonly<Record<Stage, Pod>>;
  readonly claim: VolumeClaim;
}

/** Watches one job while it runs. */
export async function objectsOfJob(client: KubeClient, run: () => Promise<void>): Promise<JobObjects> {
  const pods: Partial<Record<Stage, Pod>> = {};
  const claims: VolumeClaim[] = [];
  const stop = new AbortController();
  const watches = [
    await follow<Pod>(client, PODS, stop.signal, (pod) => {
      pods[pod.metadata.labels?.[LABELS.stage] as Stage] ??= pod;
    }),
    await follow<VolumeClaim>(client, VOLUME_CLAIMS, stop.signal, (claim) => claims.push(claim)),
  ];
  await run();
  stop.abort();
  await Promise.allSettled(watches.map(({ ended }) => ended));
  const [claim] = claims;
  const { configure, compute, publish } = pods;
  if (!configure || !compute || !publish || !claim) throw new Error('The job had not all of its pods and a volume.');
  return { pods: { configure, compute, publish }, claim };
}

/** Resolves when everything that comes from now on is seen. */
async function follow<T extends KubeObject>(
  client: KubeClient,
  resource: typeof PODS,
  signal: AbortSignal,
  see: (object: T) => void,
): Promise<{ readonly ended: Promise<void> }> {
  const { metadata } = await client.list<T>(resource, { namespace: NAMESPACE });
  const { resourceVersion = '' } = metadata;
  const ended = (async () => {
    for await (const { type, object } of client.watch<T>(resource, { namespace: NAMESPACE, resourceVersion, signal }))
      if (type === 'ADDED') see(object);
  })();
  ended.catch(() => undefined); // awaited by who stops it
  return { ended };
}
