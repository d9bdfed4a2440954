import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { nowSeconds } from '../../core/clock.ts';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import type { ProviderContext } from '../context.ts';
import { addressField, proofFields, readInput } from '../input.ts';
import { invalidField } from '../refusal.ts';

export const createSchema = z.object({ address: addressField, expiration: z.coerce.number().int(), ...proofFields });
export const deleteSchema = z.object({ address: addressField, token: z.string().min(1), ...proofFields });

/**
 * Tokens are made and deleted with a signature, never with a token. The nonce is consumed, so that a captured request
 * cannot be sent again with another expiry (A5); how long a token may live is bounded.
 */
export function registerAuthTokenRoutes(
  app: FastifyInstance,
  { authenticator, tokens, seams, config }: ProviderContext,
): void {
  app.get('/api/services/createAuthToken', async (request) => {
    const { address, expiration, nonce, signature } = readInput(request, createSchema);
    const now = nowSeconds(seams.clock);
    if (expiration <= now) throw invalidField('expiration', 'The expiration must be in the future.');
    await authenticator.authenticate({ address, nonce, signature }, [signedMessages.authToken(address, nonce)]);
    return { token: await tokens.create(address, Math.min(expiration, now + config.limits.authTokenSeconds)) };
  });

  app.delete('/api/services/deleteAuthToken', async (request) => {
    const { address, token, nonce, signature } = readInput(request, deleteSchema);
    await authenticator.authenticate({ address, nonce, signature }, [signedMessages.authToken(address, nonce)]);
    await tokens.revoke(token, address);
    return { success: 'Token has been deactivated.' };
  });
}
