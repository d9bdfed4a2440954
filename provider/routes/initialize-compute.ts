import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { nowSeconds } from '../../core/clock.ts';
import { algorithmSchema, datasetSchema } from '../compute/job-request.ts';
import { quoteJob } from '../compute/quote-job.ts';
import type { ProviderContext } from '../context.ts';
import { requireCompute } from '../context.ts';
import { addressField, readInput } from '../input.ts';
import { Refused, orRefuse, refused } from '../refusal.ts';

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
    const validUntil = Number(compute.validUntil);
    if (!Number.isSafeInteger(validUntil) || validUntil <= nowSeconds(context.seams.clock)) {
      throw refused(
        'VALID_UNTIL_INVALID',
        'compute.validUntil',
        'fee.validUntil',
        'The validUntil value is not correct.',
      );
    }
    const job = await preparer.prepare(
      { consumerAddress, environment: compute.env, datasets, algorithm },
      { isStart: false },
    );
    if (!job.ok) throw new Refused(job.reason, SENTENCES.has(job.reason.field) ? 'text' : 'fields');
    return orRefuse(await quoteJob(job.value, validUntil, context), 'fields');
  });
}
