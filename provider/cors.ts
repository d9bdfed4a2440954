import type { FastifyInstance } from 'fastify';

const HEADERS = {
  'access-control-allow-origin': '*',
  // ocean.js reads a download's name from it.
  'access-control-expose-headers': 'Content-Disposition',
} as const;

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, PUT, DELETE, OPTIONS',
  'access-control-allow-headers': '*, Authorization, AuthToken, Content-Type, Range',
  'access-control-max-age': '86400',
} as const;

/** Open to every origin, as the classic Provider: nothing here is authorised by a cookie. */
export function installCors(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      await reply.code(204).headers(PREFLIGHT).send();
    }
  });
}
