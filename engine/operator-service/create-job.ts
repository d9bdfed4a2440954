import { sha256Hex } from '../../core/protocol/hashing.ts';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import type { WorkflowRequest } from '../../core/protocol/workflow.ts';
import { ANNOTATIONS, API_VERSION, FINALIZERS, LABELS, MANAGED_BY, objectNames, WORKFLOWS } from '../api/names.ts';
import type { JobSecret, WorkFlow } from '../api/workflow.ts';
import type { Archive } from '../archive/archive.ts';
import { ownerDigest } from '../archive/keys.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { isAlreadyExists } from '../kubernetes/kube-error.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { SECRETS } from '../kubernetes/objects.ts';
import type { Reflector } from '../kubernetes/reflector.ts';
import type { AbandonedStarts } from './abandoned-starts.ts';
import type { Claims } from './claims.ts';
import type { EnvironmentSources } from './environments.ts';
import { findEnvironment } from './environments.ts';
import { viewOfRecord, viewOfWorkflow } from './job-view.ts';
import { OperatorRefusal } from './refusal.ts';

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
 * The WorkFlow comes last; whatever stands before it is not yet a job, and is taken up or replaced by the next try.
 * @throws OperatorRefusal ENVIRONMENT_INVALID, AGREEMENT_IN_USE, WORKFLOW_TOO_LARGE, JOB_DIFFERS
 */
export async function createJob(deps: CreateJobDeps, request: WorkflowRequest): Promise<ComputeJob> {
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
  const workflow = workflowOf(request, namespace, sha256Hex(stageJson));

  const [live, record] = await Promise.all([
    client.find<WorkFlow>(WORKFLOWS, { namespace, name: workflow.metadata.name }),
    archive.getRecord(jobId),
  ]);
  if (live) return viewOfWorkflow(sameJob(live, workflow));
  if (record) return viewOfRecord(record);
  if (!findEnvironment(deps.environments, environment, chainId))
    throw new OperatorRefusal(400, 'ENVIRONMENT_INVALID', 'Environment invalid or does not exist', 'environment');

  await claims.take(request);
  try {
    await createSecret(deps, jobId, stageJson);
    const created = await createOrFind(client, workflow);
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
    return sameJob(await client.get<WorkFlow>(WORKFLOWS, workflow.metadata), workflow);
  }
}

/** Another content under the same name is no repetition. Capabilities are made anew for each try, so a repetition may differ in them. */
function sameJob(existing: WorkFlow, asked: WorkFlow): WorkFlow {
  const identity = ({ spec }: WorkFlow): string =>
    JSON.stringify([spec.jobId, spec.owner, spec.agreementId, spec.provider, spec.algorithm, spec.inputs]);
  if (identity(existing) === identity(asked)) return existing;
  throw new OperatorRefusal(409, 'JOB_DIFFERS', 'A job of this id exists with other contents.', 'jobId');
}

interface NewSecret extends KubeObject {
  readonly type: string;
  readonly immutable: true;
  readonly stringData: JobSecret;
}

/** A Secret without a WorkFlow is what a crash left of an earlier try; the capabilities in it may have run out. */
async function createSecret({ client, namespace }: CreateJobDeps, jobId: string, stageJson: string): Promise<void> {
  const secret: NewSecret = {
    metadata: {
      name: objectNames.secret(jobId),
      namespace,
      labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.job]: jobId },
    },
    type: 'Opaque',
    immutable: true,
    stringData: { 'stage.json': stageJson },
  };
  try {
    await client.create(SECRETS, secret);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await client.delete(SECRETS, { namespace, name: secret.metadata.name });
    await client.create(SECRETS, secret);
  }
}

function workflowOf(request: WorkflowRequest, namespace: string, digest: string): WorkFlow {
  const { jobId, owner, agreementId, chainId, environment, validUntil, requestId, providerAddress: provider } = request;
  const [{ input, algorithm, compute }] = request.workflow.stages;
  const { image, tag, checksum, entrypoint } = algorithm.container;
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
        [LABELS.provider]: provider.slice(2).toLowerCase(),
        [LABELS.environment]: environment,
      },
      // The engine's, which would have to add it before anything else.
      finalizers: [FINALIZERS.job],
      ...(requestId === undefined ? {} : { annotations: { [ANNOTATIONS.requestId]: requestId } }),
    },
    spec: {
      jobId,
      owner,
      agreementId,
      chainId,
      provider,
      environment,
      algorithm: { did: algorithm.id, image: checksum === '' ? `${image}:${tag}` : `${image}@${checksum}`, entrypoint },
      inputs: input.map(({ id, serviceId, files }) => ({ did: id, serviceId, fileCount: files.length })),
      networkAccess: compute.networkAccess,
      maxDurationSeconds: compute.maxDurationSeconds,
      validUntil,
      secret: { name: objectNames.secret(jobId), digest },
    },
  };
}
