import { WavetankError } from '../../core/errors.ts';
import type { KubeClient } from '../../engine/kubernetes/client.ts';
import type { KubeObject, Resource } from '../../engine/kubernetes/objects.ts';
import { CONFIG_MAPS, PODS, SECRETS, VOLUME_CLAIMS } from '../../engine/kubernetes/objects.ts';
import type { Pod } from '../../engine/kubernetes/pod-types.ts';
import { LABELS, WORKFLOWS } from '../../engine/api/names.ts';
import type { LabCluster } from '../cluster/lab-cluster.ts';
import type { ObservedPod } from '../observe/observer.ts';

const PERSISTENT_VOLUMES: Resource = {
  group: '',
  version: 'v1',
  resource: 'persistentvolumes',
  kind: 'PersistentVolume',
  isClusterScoped: true,
};
const COUNTED: readonly Resource[] = [WORKFLOWS, PODS, VOLUME_CLAIMS, SECRETS, CONFIG_MAPS, PERSISTENT_VOLUMES];

export interface KubeObserver {
  pods(): Promise<readonly ObservedPod[]>;
  podsEverCreated(jobId?: string): Promise<readonly ObservedPod[]>;
  clusterObjects(): Promise<Readonly<Record<string, readonly string[]>>>;
  /** By path: `/api/v1/pods`, `/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL`. */
  list(path: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  stop(): void;
}

/** So many are remembered, of three thousand jobs: a testbed may run for days. */
const MOST_PODS = 10_000;

/** Sees every pod of the jobs' namespace from the first moment on. */
export async function observeCluster(cluster: LabCluster, admin: KubeClient): Promise<KubeObserver> {
  const seen = new Map<string, ObservedPod>();
  const observation = await cluster.observePods((object) => {
    const pod = observed(object, cluster.namespace);
    if (!pod) return;
    const failedToStart = pod.failedToStart || seen.get(pod.uid)?.failedToStart === true;
    seen.set(pod.uid, { ...pod, failedToStart });
    const [oldest] = seen.keys();
    if (seen.size > MOST_PODS && oldest !== undefined) seen.delete(oldest);
  });
  const listed = async <T extends KubeObject>(resource: Resource): Promise<T[]> => {
    const namespace = resource.isClusterScoped ? undefined : cluster.namespace;
    return (await admin.list<T>(resource, { namespace })).items;
  };
  return {
    async pods() {
      return (await listed<PodObject>(PODS)).flatMap((pod) => observed(pod, cluster.namespace) ?? []);
    },
    async podsEverCreated(jobId) {
      // An answer of the API server comes after all that it wrote before.
      await listed(PODS);
      await observation.caughtUp();
      const all = [...seen.values()];
      return jobId === undefined ? all : all.filter((pod) => pod.jobId === jobId);
    },
    async clusterObjects() {
      const names = COUNTED.map(async (resource) => {
        const items = await listed(resource);
        return [resource.resource, items.map(({ metadata }) => metadata.name).toSorted()] as const;
      });
      return Object.fromEntries(await Promise.all(names));
    },
    async list(path) {
      const { resource, namespace } = parsePath(path);
      return (await admin.list(resource, { namespace })).items as unknown as Readonly<Record<string, unknown>>[];
    },
    stop: () => observation.stop(),
  };
}

interface PodObject extends KubeObject {
  readonly status?: Pod['status'];
}

function observed(pod: PodObject, jobs: string): ObservedPod | undefined {
  const { name, uid, namespace, labels, deletionTimestamp } = pod.metadata;
  if (namespace !== jobs || uid === undefined) return undefined;
  return {
    name,
    uid,
    jobId: labels?.[LABELS.job],
    stage: labels?.[LABELS.stage],
    phase: pod.status?.phase ?? 'Pending',
    deletedAt: deletionTimestamp,
    failedToStart: failedToStart(pod),
    object: pod as unknown as Readonly<Record<string, unknown>>,
  };
}

/** What ends while its pod is being deleted was taken away; the algorithm's own container is foreign. */
function failedToStart({ status = {}, metadata }: PodObject): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const isFailedGate = status.initContainerStatuses?.some(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  const isForeign = metadata.labels?.[LABELS.stage] === 'compute';
  return isFailedGate || (!isForeign && status.containerStatuses?.[0]?.state?.terminated?.reason === 'StartError');
}

/** @throws WavetankError LIST_PATH_INVALID (usage) */
function parsePath(path: string): { readonly resource: Resource; readonly namespace: string | undefined } {
  const match = /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path);
  const [, group = '', version, namespace, resource] = match ?? [];
  if (version === undefined || resource === undefined)
    throw new WavetankError('LIST_PATH_INVALID', `"${path}" is no list of a Kubernetes API.`, { category: 'usage' });
  return { resource: { group, version, resource, kind: '', isClusterScoped: namespace === undefined }, namespace };
}
