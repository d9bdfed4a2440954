import { sha256Hex } from '../../core/protocol/hashing.ts';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import type { WorkflowRequest } from '../../core/protocol/workflow.ts';
import { ANNOTATIONS, API_VERSION, FINALIZERS, LABELS, MANAGED_BY, objectNames, WORKFLOWS } from '../api/names.ts';
import type { JobSecret, WorkFlow, WorkFlowSpec } from '../api/workflow.ts';
import type { Archive } from '../archive/archive.ts';
import { ownerDigest } from '../archive/keys.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { isAlreadyExists } from '../kubernetes/kube-error.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { SECRETS } from '../kubernetes/objects.ts';
import type { Reflector } from '../kubernetes/reflector.ts';
import type { AbandonedStarts } from './abandoned-starts.ts';
import type { Claims, TakenClaim } from './claims.ts';
import type { EnvironmentSources } from './environments.ts';
import { findEnvironment } from './environments.ts';
import { viewOfRecord, viewOfWorkflow } from './job-view.ts';
import { OperatorRefusal } from './refusal.ts';
import { imageReference } from './workflow-request.ts';

export interface CreateJobDeps {
  readonly client: KubeClient;
  readonly claims: Claims;
  readonly abandoned: AbandonedStarts;
  readonly archive: Archive;
  readonly workflows: Reflector<WorkFlow>;
  readonly environments: EnvironmentSources;
  readonly namespace: string;
}

/** A Secret has 1 MiB at most, and its base64 counts. */
const MAX_STAGE_BYTES = 700 * 1024;

/**
 * Makes the job of a request, or finds it: the same request names the same job, so a Provider that heard no answer asks again.
 * The WorkFlow comes last and only once; it names the Secret of the try that made it. No try touches the Secret of another one,
 * so tries may overlap and be cut off anywhere: what is left of them goes with the claim.
 * @throws OperatorRefusal ENVIRONMENT_INVALID, AGREEMENT_IN_USE, WORKFLOW_TOO_LARGE, JOB_DIFFERS, START_TOO_SLOW
 */
export function createJob(deps: CreateJobDeps, request: WorkflowRequest): Promise<ComputeJob> {
  return deps.claims.during(request.jobId, () => createOrFindJob(deps, request));
}

async function createOrFindJob(deps: CreateJobDeps, request: WorkflowRequest): Promise<ComputeJob> {
  const { client, claims, archive, workflows, namespace } = deps;
  const { jobId, environment, chainId } = request;
  const stageJson = JSON.stringify(request.workflow.stages[0]);
  if (Buffer.byteLength(stageJson) > MAX_STAGE_BYTES)
    throw new OperatorRefusal(
      413,
      'WORKFLOW_TOO_LARGE',
      'Code, parameters and DDOs of a job have 700 KiB at most.',
      'workflow',
    );
  const spec = specOf(request);

  const [live, record] = await Promise.all([
    client.find<WorkFlow>(WORKFLOWS, { namespace, name: objectNames.workflow(jobId) }),
    archive.getRecord(jobId),
  ]);
  if (live) return viewOfWorkflow(sameJob(live, spec));
  if (record) return viewOfRecord(record);
  if (!findEnvironment(deps.environments, environment, chainId))
    throw new OperatorRefusal(400, 'ENVIRONMENT_INVALID', 'Environment invalid or does not exist', 'environment');

  const claim = await claims.take(request);
  try {
    // Another try of this request may have made the job since, and the job be over and gone.
    const ended = await archive.getRecord(jobId);
    if (ended) {
      await claims.release(request);
      return viewOfRecord(ended);
    }
    const secret = await createSecret(deps, jobId, stageJson, claim);
    claims.assertInTime(claim);
    const created = await createOrFind(client, workflowOf(request, namespace, { ...spec, secret }));
    workflows.cache.put(created);
    return viewOfWorkflow(created);
  } catch (error) {
    deps.abandoned.look();
    throw error;
  }
}

async function createOrFind(client: KubeClient, workflow: WorkFlow): Promise<WorkFlow> {
  try {
    return await client.create<WorkFlow>(WORKFLOWS, workflow);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const existing = await client.get<WorkFlow>(WORKFLOWS, workflow.metadata);
    const { namespace } = workflow.metadata;
    const { name } = workflow.spec.secret;
    // Nothing will ever name it. Where this fails it goes with the claim.
    if (existing.spec.secret.name !== name) await client.delete(SECRETS, { namespace, name }).catch(() => undefined);
    return sameJob(existing, workflow.spec);
  }
}

/** What a request says of its job: all but the Secret, which is another one for each try. */
export type RequestedSpec = Omit<WorkFlowSpec, 'secret'>;

/** Another content under the same name is no repetition. Capabilities are made anew for each try, so a repetition may differ in them. */
function sameJob(existing: WorkFlow, asked: RequestedSpec): WorkFlow {
  if (identityOf(existing.spec) === identityOf(asked)) return existing;
  throw new OperatorRefusal(409, 'JOB_DIFFERS', 'A job of this id exists with other contents.', 'jobId');
}

/** Field by field: an API server gives back a custom resource with its fields in an order of its own. */
export function identityOf({ jobId, owner, agreementId, provider, algorithm, inputs }: RequestedSpec): string {
  const { did, image, entrypoint } = algorithm;
  const datasets = inputs.map((input) => [input.did, input.serviceId, input.fileCount]);
  return JSON.stringify([jobId, owner, agreementId, provider, did, image, entrypoint, datasets]);
}

interface NewSecret extends KubeObject {
  readonly type: string;
  readonly immutable: true;
  readonly stringData: JobSecret;
}

/** The claim is part of the name: what an earlier claim has left is about to be removed, and must not be taken for ours. */
async function createSecret(
  { client, namespace }: CreateJobDeps,
  jobId: string,
  stageJson: string,
  { owner }: TakenClaim,
): Promise<WorkFlowSpec['secret']> {
  const digest = sha256Hex(stageJson);
  const secret: NewSecret = {
    metadata: {
      name: objectNames.secret(jobId, sha256Hex(`${owner.uid} ${digest}`)),
      namespace,
      labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.job]: jobId },
      ownerReferences: [owner],
    },
    type: 'Opaque',
    immutable: true,
    stringData: { 'stage.json': stageJson },
  };
  try {
    await client.create(SECRETS, secret);
  } catch (error) {
    // The same bytes, sent twice.
    if (!isAlreadyExists(error)) throw error;
  }
  return { name: secret.metadata.name, digest };
}

export function specOf(request: WorkflowRequest): RequestedSpec {
  const { jobId, owner, agreementId, chainId, environment, validUntil, providerAddress: provider } = request;
  const [{ input, algorithm, compute }] = request.workflow.stages;
  const { container } = algorithm;
  return {
    jobId,
    owner,
    agreementId,
    chainId,
    provider,
    environment,
    algorithm: { did: algorithm.id, image: imageReference(container), entrypoint: container.entrypoint },
    inputs: input.map(({ id, serviceId, files }) => ({ did: id, serviceId, fileCount: files.length })),
    networkAccess: compute.networkAccess,
    maxDurationSeconds: compute.maxDurationSeconds,
    validUntil,
  };
}

function workflowOf(
  { jobId, owner, environment, requestId, providerAddress }: WorkflowRequest,
  namespace: string,
  spec: WorkFlowSpec,
): WorkFlow {
  return {
    apiVersion: API_VERSION,
    kind: 'WorkFlow',
    metadata: {
      name: objectNames.workflow(jobId),
      namespace,
      labels: {
        [LABELS.managedBy]: MANAGED_BY,
        [LABELS.job]: jobId,
        [LABELS.owner]: ownerDigest(owner),
        [LABELS.provider]: providerAddress.slice(2).toLowerCase(),
        [LABELS.environment]: environment,
      },
      // The engine's, which would have to add it before anything else.
      finalizers: [FINALIZERS.job],
      ...(requestId === undefined ? {} : { annotations: { [ANNOTATIONS.requestId]: requestId } }),
    },
    spec,
  };
}
