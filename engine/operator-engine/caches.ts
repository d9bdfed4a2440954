import type { Seams } from '../../core/seams.ts';
import { LABELS, MANAGED_BY, COMPUTE_ENVIRONMENTS, WORKFLOWS } from '../api/names.ts';
import type { ComputeEnvironment, WorkFlow } from '../api/workflow.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import type { KubeObject, Resource } from '../kubernetes/objects.ts';
import { NETWORK_POLICIES, PODS, VOLUME_CLAIMS } from '../kubernetes/objects.ts';
import type { NetworkPolicy, Pod, VolumeClaim } from '../kubernetes/pod-types.ts';
import type { Reflector } from '../kubernetes/reflector.ts';
import { startReflector } from '../kubernetes/reflector.ts';

export const BY_JOB = 'job';
export const BY_ENVIRONMENT = 'environment';

/** All that the engine knows of the cluster, each kept by a watch. */
export interface Caches {
  readonly workflows: Reflector<WorkFlow>;
  readonly environments: Reflector<ComputeEnvironment>;
  readonly pods: Reflector<Pod>;
  readonly volumes: Reflector<VolumeClaim>;
  readonly policies: Reflector<NetworkPolicy>;
}

export interface CacheOptions {
  readonly client: KubeClient;
  readonly seams: Seams;
  readonly namespace: string;
}

export function startCaches({ client, seams, namespace }: CacheOptions): Caches {
  const start = <T extends KubeObject>(
    resource: Resource,
    more: Partial<Parameters<typeof startReflector<T>>[0]> = {},
  ): Reflector<T> => startReflector<T>({ client, seams, resource, namespace, ...more });
  const ours = `${LABELS.managedBy}=${MANAGED_BY}`;
  const byJob = { [BY_JOB]: (object: KubeObject) => listOf(object.metadata.labels?.[LABELS.job]) };
  return {
    workflows: start<WorkFlow>(WORKFLOWS, { indexers: { [BY_ENVIRONMENT]: (one) => [one.spec.environment] } }),
    environments: start<ComputeEnvironment>(COMPUTE_ENVIRONMENTS),
    pods: start<Pod>(PODS, { labelSelector: `${ours},${LABELS.job}`, indexers: byJob }),
    volumes: start<VolumeClaim>(VOLUME_CLAIMS, { labelSelector: `${ours},${LABELS.job}`, indexers: byJob }),
    policies: start<NetworkPolicy>(NETWORK_POLICIES, { labelSelector: ours }),
  };
}

export function allOf(caches: Caches): Reflector<never>[] {
  return Object.values(caches) as Reflector<never>[];
}

function listOf(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}
