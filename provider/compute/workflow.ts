import { jobIdOf } from '../../core/protocol/job-id.ts';
import type { WorkflowAlgorithm, WorkflowFile, WorkflowInput, WorkflowRequest } from '../../core/protocol/workflow.ts';
import { isNetworkAllowed } from '../access/network.ts';
import type { AssetService } from '../asset/asset.ts';
import type { Capabilities } from '../auth/capability.ts';
import type { ForeignProvider } from '../foreign/foreign-providers.ts';
import type { Payment } from './payment.ts';
import type { PreparedDataset, PreparedJob } from './prepared-job.ts';

/** undefined where the file was too large to be hashed, or its Provider does not tell. */
export interface FileFacts {
  readonly checksum: string | undefined;
  readonly length: number | undefined;
}

export interface WorkflowParts {
  readonly job: PreparedJob;
  readonly payment: Payment;
  readonly datasetFiles: readonly (readonly FileFacts[])[];
  readonly nonce: string;
  readonly requestId: string;
  /** Unix seconds. */
  readonly now: number;
  readonly inputUrl: string;
  readonly metadataCacheUrl: string;
  readonly capabilities: Capabilities;
  readonly capabilitySeconds: number;
}

/** What the Operator Service is asked to run. No address of a file and no key is in it, only capabilities. */
export async function buildWorkflow(parts: WorkflowParts): Promise<WorkflowRequest> {
  const { job, payment, nonce, now } = parts;
  const agreementId = payment.datasets[0]?.transferTxId.toLowerCase() ?? '';
  const provider = job.chain.signer.address;
  const jobId = jobIdOf({ chainId: job.chain.chainId, provider, owner: job.consumer, agreementId, nonce });
  const input = await Promise.all(job.datasets.map((dataset, index) => inputOf(parts, jobId, dataset, index)));
  return {
    workflow: {
      stages: [
        {
          index: 0,
          input,
          algorithm: await algorithmOf(parts, jobId),
          compute: {
            maxDurationSeconds: maxDurationSeconds(
              job.environment.maxJobDuration,
              payment,
              Math.max(now, payment.judgedAt),
            ),
            networkAccess: isNetworkAllowed(job.datasets.map(({ source }) => source.service)),
          },
          output: { metadataUri: parts.metadataCacheUrl },
        },
      ],
    },
    jobId,
    agreementId,
    owner: job.consumer,
    providerAddress: provider,
    environment: job.environment.id,
    validUntil: payment.paidUntil,
    nonce,
    chainId: job.chain.chainId,
    requestId: parts.requestId,
  };
}

/** What the environment allows, what was paid, and what the orders still last: the least of them (P5). */
export function maxDurationSeconds(
  environmentLimit: number,
  payment: Pick<Payment, 'paidUntil' | 'ordersUntil'>,
  now: number,
): number {
  const ends = [payment.paidUntil === 0 ? undefined : payment.paidUntil, payment.ordersUntil].filter(
    (end) => end !== undefined,
  );
  return Math.max(1, Math.floor(Math.min(environmentLimit, ...ends.map((end) => end - now))));
}

async function inputOf(
  parts: WorkflowParts,
  jobId: string,
  dataset: PreparedDataset,
  index: number,
): Promise<WorkflowInput> {
  const { source, foreign, transferTxId = '', userdata } = dataset;
  const files = parts.datasetFiles[index] ?? [];
  return {
    index,
    id: source.asset.did,
    serviceId: source.service.id,
    ddo: source.asset.ddoText,
    ...(userdata ? { userdata } : {}),
    files: foreign
      ? remoteFiles(source, { foreign, transferTxId, userdata }, files)
      : await filesOf(parts, jobId, source, files, userdata),
  };
}

async function algorithmOf(parts: WorkflowParts, jobId: string): Promise<WorkflowAlgorithm> {
  const { algorithm } = parts.job;
  const common = {
    container: algorithm.container,
    ...(algorithm.userdata ? { userdata: algorithm.userdata } : {}),
    ...(algorithm.customData === undefined ? {} : { algocustomdata: algorithm.customData }),
  };
  if (algorithm.kind === 'raw') return { ...common, id: '', rawcode: algorithm.rawcode, files: [] };
  const { source, foreign, transferTxId = '' } = algorithm;
  return {
    ...common,
    id: source.asset.did,
    serviceId: source.service.id,
    ddo: source.asset.ddoText,
    // The bytes were hashed as they are without parameters, and that is how the pod must get them (T1).
    files: foreign
      ? remoteFiles(source, { foreign, transferTxId, userdata: undefined }, algorithm.digests)
      : await filesOf(parts, jobId, source, algorithm.digests, undefined),
  };
}

/** Another Provider's: the broker downloads them with their order. */
function remoteFiles(
  { asset, service }: AssetService,
  {
    foreign,
    transferTxId,
    userdata,
  }: { foreign: ForeignProvider; transferTxId: string; userdata: PreparedDataset['userdata'] },
  files: readonly FileFacts[],
): readonly WorkflowFile[] {
  return files.map((file, index) => ({
    ...factsOf(file, index),
    remote: {
      provider: foreign.address,
      did: asset.did,
      serviceId: service.id,
      transferTxId,
      ...(userdata ? { userdata } : {}),
    },
  }));
}

function filesOf(
  parts: WorkflowParts,
  jobId: string,
  { asset, service }: AssetService,
  files: readonly FileFacts[],
  userdata: Readonly<Record<string, unknown>> | undefined,
): Promise<readonly WorkflowFile[]> {
  return Promise.all(
    files.map(async (file, index) => ({
      ...factsOf(file, index),
      url: parts.inputUrl,
      capability: await parts.capabilities.issue({
        chainId: asset.chain.chainId,
        jobId,
        did: asset.did,
        serviceId: service.id,
        fileIndex: index,
        checksum: file.checksum ?? '',
        ...(userdata ? { userdata } : {}),
        expiresAt: parts.now + parts.capabilitySeconds,
      }),
    })),
  );
}

function factsOf(
  { checksum, length }: FileFacts,
  index: number,
): Pick<WorkflowFile, 'index' | 'checksum' | 'contentLength'> {
  return {
    index,
    ...(checksum === undefined ? {} : { checksum }),
    ...(length === undefined ? {} : { contentLength: length }),
  };
}
