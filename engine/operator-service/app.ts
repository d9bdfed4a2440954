import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isWavetankError, messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { AnswerObserver } from '../../core/observed-answer.ts';
import { UNFINISHED_START_HEADER } from '../../core/protocol/unfinished-start.ts';
import { answerResult } from './answer-result.ts';
import type { CreateJobDeps } from './create-job.ts';
import { createJob } from './create-job.ts';
import { liveEnvironments } from './environments.ts';
import type { JobEvents } from './job-events.ts';
import type { Jobs, JobSelector, Page } from './jobs.ts';
import { MAX_PAGE } from './jobs.ts';
import { observeAnswers } from './observe-answers.ts';
import type { ProviderAuth } from './provider-auth.ts';
import { OperatorRefusal } from './refusal.ts';
import { assertInputProviders, parseWorkflowRequest } from './workflow-request.ts';

export interface OperatorServiceAppOptions extends CreateJobDeps {
  readonly auth: ProviderAuth;
  readonly jobs: Jobs;
  readonly events: JobEvents;
  readonly log: Logger;
  readonly onAnswer?: AnswerObserver | undefined;
}

type Parameters = Readonly<Record<string, unknown>>;

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const BASE = '/api/v1/operator';

/** The HTTP API between Providers and the cluster. Does not listen. */
export function buildOperatorService(options: OperatorServiceAppOptions): FastifyInstance {
  const { auth, jobs, events, archive, log } = options;
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    // A probe with HEAD must not take a nonce.
    exposeHeadRoutes: false,
  });
  // The signature is over the body's bytes, so a body stays text until it was checked.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, log));
  if (options.onAnswer) observeAnswers(app, options.onAnswer);
  app.setNotFoundHandler(async (request, reply) =>
    reply.code(404).send({ error: `404 Not Found: ${request.method} ${request.url}`, code: 'NO_ROUTE' }),
  );

  const authenticated = (request: FastifyRequest): { provider: string; parameters: Parameters } => {
    const rawBody = typeof request.body === 'string' ? request.body : '';
    const provider = auth.authenticate({ method: request.method, url: request.url, headers: request.headers, rawBody });
    return { provider, parameters: parametersOf(request, rawBody) };
  };

  app.get('/', async () => ({ software: 'Operator service', version: 'wavetank' }));

  let document: Promise<string> | undefined;
  app.get('/openapi.json', async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(await (document ??= documentText())),
  );

  app.get<{ Querystring: { chainId?: string } }>(`${BASE}/environments`, async ({ query }) => {
    return liveEnvironments(options.environments, wholeNumber(query, 'chainId'));
  });

  app.post(`${BASE}/compute`, async (request) => {
    const { provider, parameters } = authenticated(request);
    const workflow = parseWorkflowRequest(parameters, provider);
    assertInputProviders(workflow, options.environments.inputProviders);
    return [await createJob(options, workflow)];
  });

  app.get(`${BASE}/compute`, async (request, reply) => {
    const { provider, parameters } = authenticated(request);
    const selector = selectorOf(provider, parameters);
    if (!/\btext\/event-stream\b/.test(request.headers.accept ?? '')) {
      const { jobs: found, nextOffset } = await jobs.page(selector, pageOf(parameters));
      // A header, since the classic body is a bare list.
      if (nextOffset !== undefined) reply.header('x-next-offset', nextOffset);
      const { jobId } = selector;
      if (found.length === 0 && jobId !== undefined && (await options.claims.isUnfinished(jobId)))
        reply.header(UNFINISHED_START_HEADER, 'true');
      return found;
    }
    reply.hijack();
    events.open(selector, reply.raw);
    return reply;
  });

  app.put(`${BASE}/compute`, async (request) => {
    const { provider, parameters } = authenticated(request);
    return jobs.stop(selectorOf(provider, parameters));
  });

  app.delete(`${BASE}/compute`, async (request, reply) => {
    const { provider, parameters } = authenticated(request);
    await jobs.remove(selectorOf(provider, parameters));
    // The classic body: a JSON string without content.
    return reply.type('application/json').send('""');
  });

  app.get(`${BASE}/runningjobs`, async (request) => jobs.running(authenticated(request).provider));

  app.get(`${BASE}/getResult`, async (request, reply) => {
    const { provider, parameters } = authenticated(request);
    const [owner, jobId, index] = [text(parameters, 'owner'), text(parameters, 'jobId'), text(parameters, 'index')];
    if (owner === undefined || jobId === undefined) throw missing(owner === undefined ? 'owner' : 'jobId');
    if (index === undefined || !/^\d{1,9}$/.test(index))
      throw new OperatorRefusal(404, 'NO_SUCH_RESULT', 'No such index in this compute job', 'index');
    return answerResult(
      archive,
      await jobs.result(provider, owner, jobId, Number(index)),
      request.headers.range,
      reply,
    );
  });
  return app;
}

/** Loaded and made with the first question: nobody else pays for it. */
async function documentText(): Promise<string> {
  const { operatorServiceDocument } = await import('./openapi.ts');
  return JSON.stringify(operatorServiceDocument());
}

/** The classic rule: the query when there is one, else the JSON body. */
function parametersOf(request: FastifyRequest, rawBody: string): Parameters {
  const query = request.query as Parameters;
  if (Object.keys(query).length > 0 || rawBody === '') return query;
  let parsed: unknown;
  try {
    parsed = JSON.parse(rawBody);
  } catch {
    throw new OperatorRefusal(400, 'BODY_INVALID', 'payload is not JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new OperatorRefusal(400, 'BODY_INVALID', 'payload seems empty.');
  return parsed as Parameters;
}

function selectorOf(provider: string, parameters: Parameters): JobSelector {
  const [jobId, owner, agreementId] = [
    text(parameters, 'jobId'),
    text(parameters, 'owner'),
    text(parameters, 'agreementId'),
  ];
  if (jobId === undefined && owner === undefined && agreementId === undefined) throw missing('jobId');
  return { provider, jobId, owner, agreementId, chainId: wholeNumber(parameters, 'chainId') };
}

function pageOf(parameters: Parameters): Page {
  const offset = wholeNumber(parameters, 'offset') ?? 0;
  const limit = wholeNumber(parameters, 'limit') ?? MAX_PAGE;
  if (limit < 1 || limit > MAX_PAGE)
    throw new OperatorRefusal(400, 'PARAMETER_INVALID', `\`limit\` lies in 1 to ${MAX_PAGE}`, 'limit');
  return { offset, limit };
}

/** As text in a query, as either in a body: a number is a number. */
function wholeNumber(parameters: Parameters, name: string): number | undefined {
  const value = parameters[name];
  if (value === undefined || value === '') return undefined;
  if (/^\d{1,15}$/.test(String(value))) return Number(value);
  const code = name === 'chainId' ? 'CHAIN_ID_INVALID' : 'PARAMETER_INVALID';
  throw new OperatorRefusal(400, code, `\`${name}\` is not a number`, name);
}

/** Values shorter than two characters count as absent, as classic callers send them for "none"; an index is never a selector. */
function text(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name];
  const written = typeof value === 'number' ? String(value) : value;
  if (typeof written !== 'string') return undefined;
  return written.length < 2 && name !== 'index' ? undefined : written;
}

function missing(field: string): OperatorRefusal {
  return new OperatorRefusal(400, 'PARAMETER_MISSING', `"${field}" is required`, field);
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  if (error instanceof OperatorRefusal) return reply.code(error.status).send(error.body);
  if (isWavetankError(error, 'RESULT_GONE'))
    return reply.code(404).send({ error: error.message, code: error.code, field: 'index' });
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  if (!isWavetankError(error) && status < 500)
    return reply.code(status).send({ error: messageOf(error), code: 'BAD_REQUEST' });
  log.error('a request failed', { method: request.method, reason: messageOf(error) });
  const code = isWavetankError(error) ? error.code : 'INTERNAL';
  return reply.code(503).send({ error: 'The operator cannot answer now.', code });
}
