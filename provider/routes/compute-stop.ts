import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import type { ProviderContext } from '../context.ts';
import { distinctSigners, requireCompute } from '../context.ts';
import { addressField, authTokenOf, optionalText, proofFields, readInput } from '../input.ts';
import { jobView } from '../quirks.ts';
import { refused } from '../refusal.ts';
import { changeMessages, changedDataset } from './compute-change.ts';
import { relayRefusal } from './operator-relay.ts';

export const schema = z.looseObject({
  consumerAddress: addressField,
  jobId: optionalText,
  documentId: changedDataset,
  ...proofFields,
});

type StopInput = z.output<typeof schema>;

export function registerComputeStop(app: FastifyInstance, context: ProviderContext): void {
  app.put('/api/services/compute', async (request, reply) => {
    const { operator, lists } = requireCompute(context);
    const input = readInput(request, schema);
    await prove(context, input, authTokenOf(request));
    const stopped: ComputeJob[] = [];
    for (const { signer } of distinctSigners(context.chains)) {
      const answer = await operator.stop(signer, { owner: input.consumerAddress, jobId: input.jobId });
      if (answer.ok) stopped.push(...answer.value);
      else if (answer.status !== 404) return relayRefusal(reply, answer);
    }
    lists.forget(input.consumerAddress);
    return stopped.map(jobView(context.config.quirks, false));
  });
}

/**
 * ocean.js 3.3 and later sign address and job without the nonce that they send (A14). That signature names one job,
 * and stopping it twice is stopping it once; its nonce, which nobody signed, is left alone, so that a replay cannot
 * burn the consumer's nonces. A stop without a job must name its dataset, else it would be the text of an AuthToken (A5).
 */
async function prove(
  { authenticator }: ProviderContext,
  input: StopInput,
  authToken: string | undefined,
): Promise<void> {
  const { consumerAddress, jobId, documentId, nonce, signature } = input;
  const proof = { address: consumerAddress, nonce, signature, authToken };
  if (jobId === undefined && documentId === undefined) {
    throw refused('JOB_ID_MISSING', 'jobId', 'request.job', 'The request must name a job, or a dataset.');
  }
  if (
    jobId !== undefined &&
    (await authenticator.isSigned(proof, [signedMessages.computeStopWithoutNonce({ consumerAddress, jobId })]))
  )
    return;
  await authenticator.authenticate(proof, changeMessages({ consumerAddress, jobId, documentId, nonce }));
}
