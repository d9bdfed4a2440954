import { z } from 'zod';
import { checksumAddress, isAddress, sameAddress } from '../../core/protocol/address.ts';
import { jobIdOf } from '../../core/protocol/job-id.ts';
import type { AlgorithmContainer, WorkflowRequest } from '../../core/protocol/workflow.ts';
import { SPEC_LIMITS } from '../api/workflow.ts';
import { OperatorRefusal } from './refusal.ts';

const text = z.string();
const address = text.refine(isAddress, 'not an Ethereum address');
const records = z.record(text, z.unknown());

const did = text.regex(/^did:op:[0-9a-f]{64}$/);

const facts = {
  index: z.int().min(0),
  checksum: text.regex(/^[0-9a-f]{64}$/).optional(),
  contentLength: z.int().min(0).optional(),
};

const file = z.union([
  z.strictObject({ ...facts, url: z.url({ protocol: /^https?$/ }), capability: text.min(1).max(8192) }),
  z.strictObject({
    ...facts,
    remote: z.strictObject({
      provider: address,
      did,
      serviceId: text.min(1),
      transferTxId: text.regex(/^0x[0-9a-fA-F]{64}$/),
      userdata: records.optional(),
    }),
  }),
]);

const input = z.strictObject({
  index: z.int().min(0),
  id: did,
  serviceId: text.min(1).max(SPEC_LIMITS.serviceId),
  ddo: text,
  userdata: records.optional(),
  files: z.array(file).min(1).max(10_000),
});

const algorithm = z
  .strictObject({
    id: text.regex(/^(did:op:[0-9a-f]{64})?$/),
    serviceId: text.optional(),
    ddo: text.optional(),
    rawcode: text.min(1).optional(),
    container: z
      .looseObject({
        entrypoint: text.min(1).max(SPEC_LIMITS.entrypoint),
        image: text.min(1),
        tag: text,
        checksum: text.regex(/^sha256:[0-9a-f]{64}$/),
      })
      .refine((container) => imageReference(container).length <= SPEC_LIMITS.image, {
        path: ['image'],
        message: `more than ${SPEC_LIMITS.image} characters with its digest`,
      }),
    files: z.array(file).max(1000),
    userdata: records.optional(),
    algocustomdata: z.unknown().optional(),
  })
  .refine((a) => (a.rawcode === undefined) !== (a.files.length === 0), 'either rawcode or files');

const stage = z.strictObject({
  index: z.literal(0),
  input: z.array(input).min(1).max(100),
  algorithm,
  compute: z.strictObject({ maxDurationSeconds: z.int().positive(), networkAccess: z.boolean() }),
  output: z.looseObject({ metadataUri: text }),
});

/** What a pod is told to run. */
export function imageReference({
  image,
  tag,
  checksum,
}: Pick<AlgorithmContainer, 'image' | 'tag' | 'checksum'>): string {
  return checksum === '' ? `${image}:${tag}` : `${image}@${checksum}`;
}

/** A body of `POST /compute`. What it lets pass the definition of WorkFlows must take. */
export const workflowSchema = z.looseObject({
  workflow: z.looseObject({ stages: z.array(stage) }),
  jobId: text.regex(/^[0-9a-f]{32}$/),
  agreementId: text.regex(/^0x[0-9a-fA-F]{64}$/),
  owner: address,
  providerAddress: address,
  environment: text.regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
  validUntil: z.int().min(0),
  nonce: text.regex(/^\d+(\.\d+)?$/),
  chainId: z.int().min(1),
  requestId: text.max(200).optional(),
});

/**
 * Whether the operator fetches files from every other Provider that the job names.
 * @throws OperatorRefusal INPUT_PROVIDER_NOT_ALLOWED
 */
export function assertInputProviders(request: WorkflowRequest, allowed: readonly string[]): void {
  const [{ input, algorithm }] = request.workflow.stages;
  for (const { remote } of [...input.flatMap(({ files }) => files), ...algorithm.files]) {
    if (!remote || allowed.some((one) => sameAddress(one, remote.provider))) continue;
    throw new OperatorRefusal(
      400,
      'INPUT_PROVIDER_NOT_ALLOWED',
      `This operator fetches no files from the Provider ${checksumAddress(remote.provider)}.`,
      'workflow.stages.0.input',
    );
  }
}

/**
 * Checks a body of `POST /compute`, and that it names the job that it must.
 * @throws OperatorRefusal WORKFLOW_INVALID, STAGES_MISSING, STAGES_MULTIPLE, PROVIDER_DIFFERS, JOB_ID_DIFFERS
 */
export function parseWorkflowRequest(body: unknown, provider: string): WorkflowRequest {
  const parsed = workflowSchema.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') ?? '';
    throw new OperatorRefusal(
      400,
      'WORKFLOW_INVALID',
      `"${field}" is invalid in the call to POST:/compute: ${issue?.message}`,
      field,
    );
  }
  const { stages } = parsed.data.workflow;
  if (stages.length === 0) throw new OperatorRefusal(400, 'STAGES_MISSING', 'Missing stages', 'workflow.stages');
  if (stages.length > 1)
    throw new OperatorRefusal(400, 'STAGES_MULTIPLE', 'Multiple stages are not supported yet', 'workflow.stages');
  const request = parsed.data as unknown as WorkflowRequest;
  if (!sameAddress(request.providerAddress, provider))
    throw new OperatorRefusal(
      403,
      'PROVIDER_DIFFERS',
      'A Provider starts jobs in its own name only.',
      'providerAddress',
    );
  if (request.jobId !== jobIdOf({ ...request, provider: checksumAddress(provider) }))
    throw new OperatorRefusal(400, 'JOB_ID_DIFFERS', 'The job id is not the one of this request.', 'jobId');
  return request;
}
