import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { isWavetankError, messageOf, WavetankError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { StoredBytes } from '../api/broker-http.ts';
import type { Archive } from '../archive/archive.ts';
import { KubeError } from '../kubernetes/kube-error.ts';
import type { JobStages } from './job-stage.ts';
import { configurePlan, fileOf } from './job-stage.ts';
import { checkedOutputPath } from './output-path.ts';
import type { ProviderFiles } from './provider-files.ts';
import type { RemoteFiles } from './remote-files.ts';
import { parseReport } from './report-schema.ts';
import type { ReportDeps } from './stage-reports.ts';
import { recordReport } from './stage-reports.ts';
import type { PodIdentity, StageTokens } from './stage-tokens.ts';

export interface BrokerAppOptions extends ReportDeps {
  readonly tokens: StageTokens;
  readonly jobs: JobStages;
  readonly files: ProviderFiles;
  readonly remoteFiles: RemoteFiles;
  readonly archive: Archive;
  readonly maxOutputBytes: number;
  readonly log: Logger;
}

const MAX_LOG_BYTES = 8 * 1024 * 1024;
const MAX_REPORT_BYTES = 32 * 1024 * 1024;

/** The only thing that job pods can talk to. Does not listen. */
export function buildJobBroker(options: BrokerAppOptions): FastifyInstance {
  const { tokens, jobs, files, remoteFiles, archive, log } = options;
  const app = Fastify({ logger: false, bodyLimit: MAX_REPORT_BYTES, forceCloseConnections: true });
  // Outputs are passed on as they come; only a report and a stage's own log are read whole.
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_LOG_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  app.setErrorHandler((error, _request, reply) => answerError(error, reply, log));
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ code: 'NO_ROUTE', message: 'The broker has no such route.' }),
  );

  const as = async (request: FastifyRequest, ...stages: PodIdentity['stage'][]): Promise<PodIdentity> => {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    const identity = token === undefined ? undefined : await tokens.identify(token);
    if (!identity) throw new WavetankError('TOKEN_INVALID', 'No token of a running stage.');
    if (!stages.includes(identity.stage))
      throw new WavetankError('STAGE_FORBIDDEN', `Not for the stage ${identity.stage}.`);
    return identity;
  };

  app.get('/healthz', async () => ({ ok: true }));

  app.get('/v1/plan', async (request) => {
    const { jobId } = await as(request, 'configure');
    return configurePlan(jobId, (await jobs.load(jobId)).stage);
  });

  app.get<{ Params: { input: string; file: string } }>('/v1/inputs/:input/:file', async (request, reply) => {
    const { jobId } = await as(request, 'configure');
    const { workflow, stage, environmentAddress } = await jobs.load(jobId);
    const { input, file: number } = request.params;
    const file = fileOf(stage, input === 'algorithm' ? input : Number(input), Number(number));
    if (!file) throw new WavetankError('NO_SUCH_INPUT', 'The job has no such file.');
    const { range } = request.headers;
    const { provider, chainId } = workflow.spec;
    const answer = file.remote
      ? await remoteFiles.open(file, { chainId, consumer: environmentAddress }, range)
      : await files.open(provider, file, range);
    reply.code(answer.status).header('content-type', 'application/octet-stream');
    for (const name of ['content-length', 'content-range', 'accept-ranges'])
      copyHeader(answer.header(name), name, reply);
    return reply.send(answer.body);
  });

  app.put<{ Params: { '*': string }; Body: Readable }>('/v1/outputs/*', async (request): Promise<StoredBytes> => {
    const { jobId } = await as(request, 'publish');
    const path = checkedOutputPath(request.params['*']);
    return archive.putOutput(jobId, path, request.body, contentLength(request, options.maxOutputBytes));
  });

  app.put<{ Body: Readable }>('/v1/logs/algorithm', async (request): Promise<StoredBytes> => {
    const { jobId } = await as(request, 'publish');
    return archive.putAlgorithmLog(jobId, request.body, contentLength(request, options.maxOutputBytes));
  });

  for (const stage of ['configure', 'publish'] as const) {
    app.put<{ Body: unknown }>(`/v1/logs/${stage}`, async (request): Promise<StoredBytes> => {
      const { jobId } = await as(request, stage);
      return archive.putAdminLog(jobId, stage, typeof request.body === 'string' ? request.body : '');
    });
  }

  app.post('/v1/report', async (request) => {
    const report = parseReport(request.body);
    const { jobId } = await as(request, report.stage);
    await recordReport(options, jobId, report);
    if (report.stage === 'publish') jobs.forget(jobId);
    return {};
  });
  return app;
}

function contentLength(request: FastifyRequest, limit: number): number {
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  if (!Number.isSafeInteger(length) || length < 0)
    throw new WavetankError('LENGTH_REQUIRED', 'A file needs a content-length.');
  if (length > limit) throw new WavetankError('OUTPUT_TOO_LARGE', `An output has ${limit} bytes at most.`);
  return length;
}

function copyHeader(value: string | undefined, name: string, reply: FastifyReply): void {
  if (value !== undefined) reply.header(name, value);
}

/** Codes that a pod is told, with the status it hears them under. What is not here is no business of a pod's. */
const STATUS: Readonly<Record<string, number>> = {
  TOKEN_INVALID: 401,
  STAGE_FORBIDDEN: 403,
  PROVIDER_NOT_ALLOWED: 403,
  INPUT_REFUSED: 403,
  ENVIRONMENT_KEY_MISSING: 403,
  NO_SUCH_INPUT: 404,
  JOB_INPUTS_CHANGED: 409,
  REPORT_DIFFERS: 409,
  LENGTH_REQUIRED: 411,
  OUTPUT_TOO_LARGE: 413,
  OUTPUT_PATH_INVALID: 400,
  REPORT_INVALID: 400,
  PROVIDER_UNREACHABLE: 502,
  ARCHIVE_FAILED: 503,
  ARCHIVE_INCOMPLETE: 400,
};

function answerError(error: unknown, reply: FastifyReply, log: Logger): FastifyReply {
  const known = isWavetankError(error) ? STATUS[error.code] : undefined;
  if (isWavetankError(error) && known !== undefined) {
    if (known >= 500) log.warn('a request of a pod could not be served', { code: error.code, reason: error.message });
    const inner = error.details['code'];
    return reply
      .code(known)
      .send({ code: typeof inner === 'string' && known === 403 ? inner : error.code, message: error.message });
  }
  if (error instanceof KubeError) {
    const isGone = error.status.code === 404;
    return reply
      .code(isGone ? 404 : 503)
      .send({ code: isGone ? 'JOB_GONE' : 'CLUSTER_UNAVAILABLE', message: 'The job cannot be read.' });
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  if (status < 500) return reply.code(status).send({ code: 'BAD_REQUEST', message: messageOf(error) });
  log.error('a request of a pod broke', { reason: messageOf(error) });
  return reply.code(500).send({ code: 'INTERNAL', message: 'Internal error' });
}
