import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ProviderContext } from '../context.ts';
import { invalidField, refused } from '../refusal.ts';

export const querySchema = z.object({ chainId: z.coerce.number().int() });

/** Answers bare 0x hex: ocean.js feeds the text straight into setMetaData. */
export function registerEncrypt(app: FastifyInstance, { chains }: ProviderContext): void {
  app.post('/api/services/encrypt', async (request, reply) => {
    const query = querySchema.safeParse(request.query);
    if (!query.success) throw invalidField('chainId', 'Missing chainId query parameter.');
    if (!Buffer.isBuffer(request.body))
      throw invalidField('content-type', 'Invalid request content type: should be application/octet-stream');
    const chain = chains.get(query.data.chainId);
    if (!chain || request.body.length === 0) {
      throw refused(
        'ENCRYPT_FAILED',
        chain ? 'body' : 'chainId',
        'encrypt.input',
        chain ? 'The body is empty.' : `Chain ${query.data.chainId} is not served here.`,
        'Failed to encrypt.',
      );
    }
    const encrypted = await chain.signer.encrypt(request.body);
    return reply.code(201).type('text/plain; charset=utf-8').send(encrypted);
  });
}
