import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { nowSeconds } from '../../core/clock.ts';
import { algorithmSchema, datasetSchema } from '../compute/job-request.ts';
import { quoteJob } from '../compute/quote-job.ts';
import { quotedNow, validUntilAfter } from '../compute/quoted-time.ts';
import type { ProviderContext } from '../context.ts';
import { requireCompute } from '../context.ts';
import { addressField, readInput } from '../input.ts';
import { Refused, orRefuse } from '../refusal.ts';

export const schema = z.looseObject({
  datasets: z.array(datasetSchema).min(1),
  algorithm: algorithmSchema,
  compute: z.looseObject({ env: z.string().default(''), validUntil: z.unknown().optional() }),
  consumerAddress: addressField,
});

/** Fields whose refusal the classic Provider answers as one sentence. */
const SENTENCES = new Set(['environment']);

export function registerInitializeCompute(app: FastifyInstance, context: ProviderContext): void {
  app.post('/api/services/initializeCompute', async (request) => {
    const { preparer } = requireCompute(context);
    const { datasets, algorithm, compute, consumerAddress } = readInput(request, schema);
    const { clock } = context.seams;
    // Before anything is looked up, by our own clock: which chain it is about is not known yet.
    validUntilAfter(nowSeconds(clock), compute.validUntil, 'compute.validUntil');
    const job = await preparer.prepare(
      { consumerAddress, environment: compute.env, datasets, algorithm },
      { isStart: false },
    );
    if (!job.ok) throw new Refused(job.reason, SENTENCES.has(job.reason.field) ? 'text' : 'fields');
    const now = await quotedNow(job.value.chain, clock);
    const validUntil = validUntilAfter(now, compute.validUntil, 'compute.validUntil');
    return orRefuse(await quoteJob(job.value, { now, validUntil }, context), 'fields');
  });
}
