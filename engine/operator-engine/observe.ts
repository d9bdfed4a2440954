import type { Stage } from '../api/names.ts';
import { LABELS, NETWORK_POLICY_NAMES, WORKFLOWS, objectNames } from '../api/names.ts';
import type { ComputeEnvironment, WorkFlow } from '../api/workflow.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { PODS } from '../kubernetes/objects.ts';
import type { Pod } from '../kubernetes/pod-types.ts';
import type { Caches } from './caches.ts';
import { BY_JOB } from './caches.ts';
import type { Observation, Refusal, VolumeView } from './observation.ts';
import type { ResolvedOptions } from './options.ts';
import type { PodView } from './pod-view.ts';
import { viewPod } from './pod-view.ts';

export interface ObserveContext {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly options: ResolvedOptions;
  readonly now: () => number;
  readonly isAdmitted: (key: string) => boolean;
  readonly refusalOf: (key: string) => Refusal | undefined;
  readonly gate: { isControlGreen(): boolean; isBreached(pod: PodView): boolean };
}

/** Reads the caches, and the cluster itself where a cache that lags would decide something that cannot be undone. */
export async function observe(context: ObserveContext, key: string): Promise<Observation | undefined> {
  const { caches } = context;
  const cached = caches.workflows.cache.get(key);
  if (cached === undefined) return undefined;
  const pods = podsOf(context, cached);
  await confirmMissingPod(context, cached, pods);
  const workflow = await confirmMissingReport(context, key, cached, pods);
  const environment = caches.environments.cache.get(`${cached.metadata.namespace}/${cached.spec.environment}`);
  return {
    workflow,
    environment: environment?.spec,
    pods,
    volume: volumeOf(context, workflow),
    hasPolicies: hasPolicies(context),
    isAdmitted: context.isAdmitted(key),
    refusal: context.refusalOf(key),
    lacking: lackingOf(context.options, environment),
    isControlGreen: context.gate.isControlGreen(),
    isBreached: pods.compute !== undefined && context.gate.isBreached(pods.compute),
    now: context.now(),
  };
}

function podsOf({ caches }: ObserveContext, workflow: WorkFlow): Partial<Record<Stage, PodView>> {
  const pods: Partial<Record<Stage, PodView>> = {};
  for (const pod of caches.pods.cache.byIndex(BY_JOB, workflow.spec.jobId)) {
    if (isOwnedBy(pod, workflow)) pods[pod.metadata.labels?.[LABELS.stage] as Stage] = viewPod(pod);
  }
  return pods;
}

/** An object of our name may be left of an earlier WorkFlow of the same name, on its way out. */
export function isOwnedBy(object: { metadata: Pod['metadata'] }, workflow: WorkFlow): boolean {
  return object.metadata.ownerReferences?.some((owner) => owner.uid === workflow.metadata.uid) ?? false;
}

/** A compute pod that is known and not in the cache ends the job: make sure. */
async function confirmMissingPod(
  { client, caches }: ObserveContext,
  workflow: WorkFlow,
  pods: Partial<Record<Stage, PodView>>,
): Promise<void> {
  const { status, spec, metadata } = workflow;
  if (status?.computePod === undefined || pods.compute !== undefined || status.outcome !== undefined) return;
  if (status.finishedAt !== undefined) return;
  const pod = await client.find<Pod>(PODS, {
    namespace: metadata.namespace,
    name: objectNames.pod(spec.jobId, 'compute'),
  });
  if (pod === undefined || !isOwnedBy(pod, workflow)) return;
  caches.pods.cache.put(pod);
  pods.compute = viewPod(pod);
}

/** A stage's pod that ended without a report ends the job: its report may be in another watch's queue. */
async function confirmMissingReport(
  { client, caches }: ObserveContext,
  key: string,
  cached: WorkFlow,
  pods: Partial<Record<Stage, PodView>>,
): Promise<WorkFlow> {
  const { reports, finishedAt, phase } = cached.status ?? {};
  const isConfiguring = phase === 'configuringVolumes' && pods.configure?.end !== undefined && !reports?.configure;
  const isPublishing = phase === 'publishingResults' && pods.publish?.end !== undefined && !reports?.publish;
  if (finishedAt !== undefined || (!isConfiguring && !isPublishing)) return cached;
  const { name, namespace } = cached.metadata;
  const fresh = await client.find<WorkFlow>(WORKFLOWS, { name, namespace });
  if (fresh === undefined) return cached;
  caches.workflows.cache.put(fresh);
  return caches.workflows.cache.get(key) ?? fresh;
}

function volumeOf({ caches }: ObserveContext, workflow: WorkFlow): VolumeView | undefined {
  const claim = caches.volumes.cache.get(`${workflow.metadata.namespace}/${objectNames.volume(workflow.spec.jobId)}`);
  if (claim === undefined || !isOwnedBy(claim, workflow)) return undefined;
  return {
    uid: claim.metadata.uid ?? '',
    phase: claim.status?.phase ?? 'Pending',
    isDeleting: claim.metadata.deletionTimestamp !== undefined,
  };
}

function hasPolicies({ caches, options }: ObserveContext): boolean {
  const names = Object.values(NETWORK_POLICY_NAMES);
  return names.every((name) => caches.policies.cache.get(`${options.namespace}/${name}`) !== undefined);
}

function lackingOf(options: ResolvedOptions, environment: ComputeEnvironment | undefined): string[] {
  const isRequired = options.isolation === 'required' || environment?.spec.isolation === 'required';
  if (!isRequired) return [];
  return options.requiredCapabilities.filter((name) => options.capabilities[name] !== 'enforced');
}
