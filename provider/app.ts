import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { randomHex } from '../core/entropy.ts';
import { messageOf } from '../core/errors.ts';
import type { AnswerObserver } from '../core/observed-answer.ts';
import type { ProviderContext } from './context.ts';
import { installCors } from './cors.ts';
import { installBodyParsers } from './input.ts';
import { observeAnswers } from './observe-answers.ts';
import { registerDocument } from './openapi/serve.ts';
import { installRbac } from './rbac.ts';
import { registerComputeRoutes } from './routes/compute.ts';
import { registerComputeEnvironments } from './routes/compute-environments.ts';
import { registerComputeResult } from './routes/compute-result.ts';
import { registerAuthTokenRoutes } from './routes/auth-token.ts';
import { registerDecrypt } from './routes/decrypt.ts';
import { registerDownload } from './routes/download.ts';
import { registerEncrypt } from './routes/encrypt.ts';
import { registerFileinfo } from './routes/fileinfo.ts';
import { registerInitialize } from './routes/initialize.ts';
import { registerInitializeCompute } from './routes/initialize-compute.ts';
import { registerInput } from './routes/input.ts';
import { registerNonce } from './routes/nonce.ts';
import { registerRoot } from './routes/root.ts';
import { registerValidateContainer } from './routes/validate-container.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { badSyntax, methodNotAllowed, notFound, wireErrorOf } from './wire-errors.ts';

/** How long a client may take to send a whole request. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Builds the Provider's HTTP API; it does not listen. */
export function buildProviderApp(context: ProviderContext, onAnswer?: AnswerObserver): FastifyInstance {
  const { seams, config } = context;
  const app = Fastify({
    logger: false,
    bodyLimit: config.limits.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: () => randomHex(seams.entropy, 8),
    forceCloseConnections: true,
    // Probes with HEAD must not burn a nonce or start a download.
    exposeHeadRoutes: false,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (_error, _request, reply: FastifyReply) => {
      const { status, body } = badSyntax();
      void reply.code(status).send(body);
    },
    // Classic pods join base URL and path naively and ask for //api/services.
    routerOptions: { ignoreDuplicateSlashes: true, maxParamLength: 200 },
  });
  installBodyParsers(app);
  installCors(app);
  if (onAnswer) observeAnswers(app, onAnswer);
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = wireErrorOf(error, request.id);
    if (status >= 500) {
      seams.log.error('A request failed.', {
        requestId: request.id,
        path: pathOf(request.url),
        status,
        code: body['code'],
        problem: messageOf(error),
      });
    } else {
      seams.log.debug('A request was refused.', {
        requestId: request.id,
        path: pathOf(request.url),
        status,
        code: body['code'],
      });
    }
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler((request, reply) => {
    const isKnownPath = ['GET', 'POST', 'PUT', 'DELETE'].some((method) =>
      app.hasRoute({ method, url: pathOf(request.url) }),
    );
    const { status, body } = isKnownPath ? methodNotAllowed() : notFound();
    return reply.code(status).send(body);
  });
  installRbac(app, context);
  registerRoutes(app, context);
  return app;
}

function registerRoutes(app: FastifyInstance, context: ProviderContext): void {
  registerRoot(app, context);
  registerDocument(app);
  registerNonce(app, context);
  registerEncrypt(app, context);
  registerDecrypt(app, context);
  registerFileinfo(app, context);
  registerInitialize(app, context);
  registerInitializeCompute(app, context);
  registerDownload(app, context);
  registerComputeRoutes(app, context);
  registerComputeResult(app, context);
  registerComputeEnvironments(app, context);
  registerValidateContainer(app);
  registerAuthTokenRoutes(app, context);
  registerInput(app, context);
}

/** Without the query, which carries signatures. */
function pathOf(url: string): string {
  return (url.split('?')[0] ?? '/').replaceAll(/\/{2,}/g, '/');
}
