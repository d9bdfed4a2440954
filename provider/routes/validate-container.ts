import type { FastifyInstance } from 'fastify';
import { checkContainer } from '../access/container.ts';
import { orRefuse } from '../refusal.ts';

/** Says whether a container section is complete. Images are not looked up. */
export function registerValidateContainer(app: FastifyInstance): void {
  app.post('/api/services/validateContainer', async (request) => {
    orRefuse(checkContainer(request.body, 'container'), 'text');
    return request.body;
  });
}
