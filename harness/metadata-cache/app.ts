import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { isWavetankError, messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { validateDdo } from '../../core/protocol/ddo.ts';
import { sha256Hex } from '../../core/protocol/hashing.ts';
import { personalDigest, signDigest, addressOfPrivateKey } from '../../core/protocol/signing.ts';
import { fromHex } from '../../core/protocol/hashing.ts';
import type { MetadataFollower } from './follower.ts';
import type { SearchRequest } from './query.ts';
import { search } from './query.ts';

const MAX_BODY_BYTES = 10 * 1024 * 1024;

export interface MetadataCacheAppOptions {
  readonly follower: MetadataFollower;
  readonly privateKey: string;
  readonly log: Logger;
}

/** The Aquarius routes that clients use. Does not listen. */
export function buildMetadataCache({ follower, privateKey, log }: MetadataCacheAppOptions): FastifyInstance {
  const app = Fastify({ logger: false, bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true });
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.addHook('onRequest', async (_request, reply) => void reply.header('access-control-allow-origin', '*'));
  app.options('/*', async (_request, reply) =>
    reply
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', '*')
      .code(204)
      .send(),
  );
  app.setNotFoundHandler(async (request, reply) =>
    reply.code(404).send({ error: `No route ${request.method} ${request.url}`, code: 'NO_ROUTE' }),
  );
  app.setErrorHandler(async (error, _request, reply) => {
    if (isWavetankError(error) && error.category === 'usage')
      return reply.code(400).send({ error: error.message, code: error.code });
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    if (status < 500) return reply.code(status).send({ error: messageOf(error), code: 'BAD_REQUEST' });
    log.error('a request failed', { reason: messageOf(error) });
    return reply.code(500).send({ error: 'Internal error', code: 'INTERNAL' });
  });

  app.get('/', async () => ({ software: 'Aquarius', version: 'wavetank' }));
  app.get<{ Params: { did: string } }>('/api/aquarius/assets/ddo/:did', async ({ params }, reply) => {
    const resolution = await follower.resolve(params.did);
    if (resolution.found) return resolution.asset;
    const { code, problems } = resolution;
    return reply
      .code(404)
      .send({ error: `Asset DID ${params.did} not found in Elasticsearch`, code, ...(problems ? { problems } : {}) });
  });
  app.get<{ Params: { did: string } }>('/api/aquarius/assets/metadata/:did', async ({ params }, reply) => {
    const resolution = await follower.resolve(params.did);
    if (!resolution.found)
      return reply
        .code(404)
        .send({ error: `Asset DID ${params.did} not found in Elasticsearch`, code: resolution.code });
    return resolution.asset['metadata'] ?? {};
  });
  app.post('/api/aquarius/assets/ddo/validate', async ({ body }, reply) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body ?? null), 'utf8');
    const checked = validateDdo(parseJson(bytes));
    if (!checked.ok) return reply.code(400).send(checked.problems);
    return validation(bytes, privateKey);
  });
  app.post<{ Body: SearchRequest | null }>('/api/aquarius/assets/query', async ({ body }) =>
    search(await follower.all(), body ?? {}),
  );
  return app;
}

/** The validator's word: the hash of exactly these bytes, signed. Clients read `r[0]` and `s[0]`. */
function validation(document: Buffer, privateKey: string): Record<string, unknown> {
  const hash = sha256Hex(document);
  const { v, r, s } = signDigest(personalDigest(fromHex(hash)), privateKey);
  return { hash: `0x${hash}`, publicKey: addressOfPrivateKey(privateKey), r: [r], s: [s], v };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
