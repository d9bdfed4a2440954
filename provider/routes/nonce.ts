import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ProviderContext } from '../context.ts';
import { addressField, readInput } from '../input.ts';

export const schema = z.object({ userAddress: addressField });

/** What clients get who never sent a nonce: they add one and start with 2. */
export const FIRST_NONCE = '1';

/** Reads only: the classic route stored a row for whatever text it was asked about (A12). */
export function registerNonce(app: FastifyInstance, { nonces }: ProviderContext): void {
  app.get('/api/services/nonce', { exposeHeadRoute: true }, async (request) => {
    const { userAddress } = readInput(request, schema);
    return { nonce: nonces.last(userAddress) ?? FIRST_NONCE };
  });
}
