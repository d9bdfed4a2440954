import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import { jobIdOf } from '../../core/protocol/job-id.ts';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import { algorithmSchema, datasetSchema } from '../compute/job-request.ts';
import { redactJob } from '../compute/redact-job.ts';
import type { ProviderContext } from '../context.ts';
import { requireCompute } from '../context.ts';
import { addressField, authTokenOf, optionalText, proofFields, readInput } from '../input.ts';
import { Refused, refused } from '../refusal.ts';
import { relayRefusal } from './operator-relay.ts';

export const schema = z.looseObject({
  consumerAddress: addressField,
  environment: z.string().default(''),
  jobId: optionalText,
  dataset: datasetSchema,
  algorithm: algorithmSchema,
  additionalDatasets: z.union([z.array(datasetSchema), z.string()]).nullish(),
  output: z.unknown().optional(),
  ...proofFields,
});

type StartInput = z.output<typeof schema>;

export function registerComputeStart(app: FastifyInstance, context: ProviderContext): void {
  app.post('/api/services/compute', async (request, reply) => {
    const { starter, lists } = requireCompute(context);
    const input = readInput(request, schema);
    const { consumerAddress, nonce, dataset } = input;
    const message = signedMessages.computeStart({
      consumerAddress,
      jobId: input.jobId,
      documentId: dataset.documentId,
      nonce,
    });
    const proof = { address: consumerAddress, nonce, signature: input.signature, authToken: authTokenOf(request) };
    const isSigned = await context.authenticator.isSigned(proof, [message]);
    const before = isSigned ? await startedBefore(context, input) : undefined;
    if (before && before.length > 0) return before.map(redactJob);
    // What never arrived goes on under its own id, and its nonce stays taken.
    if (!before) await context.authenticator.authenticate(proof, [message]);
    checkOutput(input.output);
    const datasets = [dataset, ...additionalDatasets(input.additionalDatasets)];
    const answer = await starter.start({
      input: { consumerAddress, environment: input.environment, datasets, algorithm: input.algorithm },
      nonce,
      requestId: request.id,
    });
    lists.forget(consumerAddress);
    return answer.ok ? answer.value : relayRefusal(reply, answer);
  });
}

/**
 * A request that is sent again, its answer having been lost, finds its job by the id that follows from it: nothing is
 * started twice, and the nonce that it used is no obstacle. None: its run is reserved and the Operator Service knows no
 * such job, so that it may be handed over again. Undefined when this request was never seen, or its run has been given back.
 */
async function startedBefore(context: ProviderContext, input: StartInput): Promise<readonly ComputeJob[] | undefined> {
  const { operator } = requireCompute(context);
  for (const chain of context.chains.all) {
    const jobId = jobIdOf({
      chainId: chain.chainId,
      provider: chain.signer.address,
      owner: input.consumerAddress,
      agreementId: input.dataset.transferTxId ?? '',
      nonce: input.nonce,
    });
    const run = context.ledger.find(jobId);
    if (!run) continue;
    const jobs = await operator.status(chain.signer, { owner: run.owner, jobId, chainId: chain.chainId });
    if (jobs.length > 0 || context.ledger.find(jobId)?.state === 'reserved') return jobs;
  }
  return undefined;
}

function additionalDatasets(given: StartInput['additionalDatasets']): readonly z.output<typeof datasetSchema>[] {
  if (given == null || given === '') return [];
  const list =
    typeof given === 'string'
      ? z.array(datasetSchema).safeParse(jsonOf(given))
      : { success: true as const, data: given };
  if (list.success) return list.data;
  throw new Refused(
    {
      code: 'INVALID_REQUEST',
      field: 'additional_input',
      rule: 'request.field',
      message: 'additionalDatasets is no list of datasets.',
      classic: 'invalid',
    },
    'fields',
  );
}

/** Checked and not used, as in the classic stack: where results go is the operator's affair. */
function checkOutput(output: unknown): void {
  const value = typeof output === 'string' && output !== '' ? jsonOf(output) : (output ?? {});
  if (output === '' || (typeof value === 'object' && value !== null)) return;
  const { reason } = refused('OUTPUT_INVALID', 'output', 'request.output', 'output is no JSON object.', 'invalid');
  throw new Refused(reason, 'fields');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
