import { randomHex } from '../../core/entropy.ts';
import type { Seams } from '../../core/seams.ts';
import { WavetankError } from '../../core/errors.ts';
import { FINALIZERS, WORKFLOWS, objectNames } from '../api/names.ts';
import type { Stage } from '../api/names.ts';
import type { WorkFlow, WorkFlowStatus } from '../api/workflow.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { isAlreadyExists, isConflict, isNotFound, isRefusedForGood } from '../kubernetes/kube-error.ts';
import type { KubeObject, Resource } from '../kubernetes/objects.ts';
import { PODS, SECRETS, VOLUME_CLAIMS } from '../kubernetes/objects.ts';
import type { ObjectCache } from '../kubernetes/object-cache.ts';
import type { Pod, Secret, VolumeClaim } from '../kubernetes/pod-types.ts';
import type { Action, Plan } from './actions.ts';
import type { Caches } from './caches.ts';
import { bounded } from './ends.ts';
import { podOf } from './manifests/pods.ts';
import { stageTokenSecret, volumeClaimOf } from './manifests/volumes-and-secrets.ts';
import type { Observation, Refusal } from './observation.ts';
import { isOwnedBy } from './observe.ts';
import type { PodSettings } from './settings.ts';

export interface ApplyContext {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly seams: Pick<Seams, 'entropy'>;
  readonly pods: PodSettings;
}

/** What the API server will refuse again, and for which of the job's objects. */
export class RefusedObject extends WavetankError {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, cause: unknown) {
    super('OBJECT_REFUSED', `The API server refused the job's ${refusal.of}: ${refusal.message}`, {
      category: 'environment',
      cause,
    });
    this.refusal = refusal;
  }
}

/** Carries a plan out: wave after wave. A wave's first failure is thrown when the whole wave has ended, and ends the plan. */
export async function applyPlan(context: ApplyContext, observation: Observation, plan: Plan): Promise<void> {
  for (const wave of plan.waves) {
    const results = await Promise.allSettled(wave.map((action) => applyAction(context, observation, action)));
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    // A refusal for good outweighs a lost race: it is what the job's end has to say.
    const failure = failures.find((error) => error instanceof RefusedObject) ?? failures[0];
    if (failure !== undefined) throw failure;
  }
}

function applyAction(context: ApplyContext, observation: Observation, action: Action): Promise<unknown> {
  const { workflow } = observation;
  const { jobId } = workflow.spec;
  switch (action.do) {
    case 'createToken':
      return createToken(context, workflow, action.stage);
    case 'createVolume':
      return createVolume(context, observation);
    case 'createPod':
      return createPod(context, observation, action.stage, action.node);
    case 'limitPod':
      return limitPod(context, workflow, action.uid, action.seconds);
    case 'releasePod':
      return releasePod(context, workflow, action.uid);
    case 'deletePod':
      return remove(context, PODS, workflow, objectNames.pod(jobId, action.stage), action.uid);
    case 'deleteVolume':
      return remove(context, VOLUME_CLAIMS, workflow, objectNames.volume(jobId), action.uid);
    case 'deleteToken':
      return remove(context, SECRETS, workflow, objectNames.stageToken(jobId, action.stage));
    case 'deleteInputs':
      return remove(context, SECRETS, workflow, workflow.spec.secret.name);
    case 'writeStatus':
      return writeStatus(context, workflow, action.status);
    case 'addFinalizer':
      return setFinalizers(context, workflow, [...(workflow.metadata.finalizers ?? []), FINALIZERS.job]);
    case 'removeFinalizer':
      return setFinalizers(context, workflow, without(workflow.metadata.finalizers, FINALIZERS.job));
    case 'deleteWorkflow':
      return removeWorkflow(context, workflow);
  }
}

/** Conflict when the WorkFlow has changed since it was observed: the plan may be wrong, so it is made again. */
async function writeStatus(
  { client, caches }: ApplyContext,
  workflow: WorkFlow,
  status: Partial<WorkFlowStatus>,
): Promise<void> {
  const { name, namespace, resourceVersion, generation } = workflow.metadata;
  const patch = {
    metadata: { resourceVersion },
    status: { ...status, ...(generation ? { observedGeneration: generation } : {}) },
  };
  const written = await client.mergePatch<WorkFlow>(WORKFLOWS, { name, namespace }, patch, { subresource: 'status' });
  caches.workflows.cache.put(written);
}

async function setFinalizers(
  { client, caches }: ApplyContext,
  workflow: WorkFlow,
  finalizers: string[],
): Promise<void> {
  const { name, namespace, resourceVersion } = workflow.metadata;
  try {
    const patch = { metadata: { resourceVersion, finalizers } };
    caches.workflows.cache.put(await client.mergePatch<WorkFlow>(WORKFLOWS, { name, namespace }, patch));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function createToken(context: ApplyContext, workflow: WorkFlow, stage: 'configure' | 'publish'): Promise<void> {
  const token = randomHex(context.seams.entropy, 32);
  const secret = stageTokenSecret(workflow, { token, stage, jobId: workflow.spec.jobId });
  await create<Secret>(context, SECRETS, 'token', secret);
}

async function createVolume(context: ApplyContext, { workflow, environment }: Observation): Promise<void> {
  if (environment === undefined) return;
  const claim = volumeClaimOf(workflow, environment, context.pods);
  await createOrAdopt<VolumeClaim>(context, VOLUME_CLAIMS, 'volume', claim, workflow, context.caches.volumes.cache);
}

async function createPod(
  context: ApplyContext,
  { workflow, environment }: Observation,
  stage: Stage,
  node: string | undefined,
): Promise<void> {
  if (environment === undefined) return;
  const pod = podOf(stage, { workflow, environment, settings: context.pods, node });
  await createOrAdopt<Pod>(context, PODS, stage, pod, workflow, context.caches.pods.cache);
}

/** Creates, or takes into the cache what an earlier attempt has created. */
async function createOrAdopt<T extends KubeObject>(
  context: ApplyContext,
  resource: Resource,
  of: Refusal['of'],
  object: T,
  workflow: WorkFlow,
  cache: ObjectCache<T>,
): Promise<void> {
  const created = await create<T>(context, resource, of, object);
  if (created !== undefined) return void cache.put(created);
  const { name, namespace } = object.metadata;
  const existing = await context.client.find<T>(resource, { name, namespace });
  if (existing !== undefined && isOwnedBy(existing, workflow)) return void cache.put(existing);
  throw new WavetankError('OBJECT_IN_THE_WAY', `${name} exists and is not this job's; it is expected to go.`);
}

async function create<T extends KubeObject>(
  { client }: ApplyContext,
  resource: Resource,
  of: Refusal['of'],
  object: T,
): Promise<T | undefined> {
  try {
    return await client.create<T>(resource, object);
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    if (!isRefusedForGood(error)) throw error;
    const { reason, message } = error.status;
    throw new RefusedObject({ of, reason, message: bounded(message) }, error);
  }
}

async function limitPod(
  { client, caches }: ApplyContext,
  workflow: WorkFlow,
  uid: string,
  seconds: number,
): Promise<void> {
  const ref = { name: objectNames.pod(workflow.spec.jobId, 'compute'), namespace: workflow.metadata.namespace };
  const patch = { metadata: { uid }, spec: { activeDeadlineSeconds: seconds } };
  try {
    caches.pods.cache.put(await client.mergePatch<Pod>(PODS, ref, patch));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function releasePod({ client, caches }: ApplyContext, workflow: WorkFlow, uid: string): Promise<void> {
  const ref = { name: objectNames.pod(workflow.spec.jobId, 'compute'), namespace: workflow.metadata.namespace };
  const cached = caches.pods.cache.get(`${ref.namespace}/${ref.name}`);
  const pod = cached?.metadata.uid === uid ? cached : await client.find<Pod>(PODS, ref);
  if (pod?.metadata.uid !== uid) return;
  const { resourceVersion } = pod.metadata;
  const finalizers = without(pod.metadata.finalizers, FINALIZERS.outcome);
  try {
    const patch = { metadata: { resourceVersion, finalizers } };
    const released = await client.mergePatch<Pod>(PODS, ref, patch);
    // The last finalizer of a deleted pod: the answer shows a pod that is already gone.
    if (released.metadata.deletionTimestamp === undefined) caches.pods.cache.put(released);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function remove(
  { client }: ApplyContext,
  resource: Resource,
  workflow: WorkFlow,
  name: string,
  uid?: string,
): Promise<KubeObject | undefined> {
  try {
    return await client.delete(resource, { name, namespace: workflow.metadata.namespace }, { uid });
  } catch (error) {
    // Gone, or another object by now: either way this one is no more.
    if (!isNotFound(error) && !(isConflict(error) && uid !== undefined)) throw error;
    return undefined;
  }
}

/** Our finalizer still holds it; knowing that it is going spares a second deletion. */
async function removeWorkflow(context: ApplyContext, workflow: WorkFlow): Promise<void> {
  const { name, uid } = workflow.metadata;
  const held = await remove(context, WORKFLOWS, workflow, name, uid);
  if (held !== undefined) context.caches.workflows.cache.put(held as WorkFlow);
}

function without(finalizers: readonly string[] | undefined, one: string): string[] {
  return (finalizers ?? []).filter((finalizer) => finalizer !== one);
}
