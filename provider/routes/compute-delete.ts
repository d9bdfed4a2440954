import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ProviderContext } from '../context.ts';
import { distinctSigners, requireCompute } from '../context.ts';
import { addressField, authTokenOf, optionalText, readInput, textNumber } from '../input.ts';
import { refused } from '../refusal.ts';
import { changeMessages, changedDataset } from './compute-change.ts';
import { FIRST_NONCE } from './nonce.ts';
import { relayRefusal } from './operator-relay.ts';

export const schema = z.looseObject({
  consumerAddress: addressField,
  jobId: optionalText,
  documentId: changedDataset,
  agreementId: optionalText,
  nonce: textNumber.optional(),
  signature: optionalText,
});

/**
 * Really deletes; the classic route did nothing. The body stays the classic `""`.
 * ocean.js signs a nonce one above the stored one and does not send it (A14): it is computed here, and taken like any
 * other, so that the same request is refused the second time.
 */
export function registerComputeDelete(app: FastifyInstance, context: ProviderContext): void {
  app.delete('/api/services/compute', async (request, reply) => {
    const { operator, lists } = requireCompute(context);
    const { consumerAddress, jobId, documentId, nonce, signature } = readInput(request, schema);
    if (jobId === undefined) throw refused('JOB_ID_MISSING', 'jobId', 'request.job', 'The request must name a job.');
    const signedNonce = nonce ?? String(Number(context.nonces.last(consumerAddress) ?? FIRST_NONCE) + 1);
    const messages = changeMessages({ consumerAddress, jobId, documentId, nonce: signedNonce });
    const proof = { address: consumerAddress, nonce: signedNonce, signature, authToken: authTokenOf(request) };
    await context.authenticator.authenticate(proof, messages);
    const keeps = context.config.quirks.has('delete-keeps-results');
    for (const { signer } of keeps ? [] : distinctSigners(context.chains)) {
      const answer = await operator.remove(signer, { owner: consumerAddress, jobId });
      if (!answer.ok && answer.status !== 404) return relayRefusal(reply, answer);
    }
    lists.forget(consumerAddress);
    return reply.type('application/json').send('""');
  });
}
