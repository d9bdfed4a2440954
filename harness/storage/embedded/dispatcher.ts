import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomHex } from '../../../core/entropy.ts';
import type { Logger } from '../../../core/log.ts';
import { sendAnswer, sendError } from './answer.ts';
import { authenticate } from './authenticate.ts';
import { detectOperation } from './detect.ts';
import type { Answer, Operation, Service } from './operation.ts';
import { requireAccess } from './operation.ts';
import { withPresignedHeaders } from './presigned-headers.ts';
import { RequestBody } from './request-body.ts';
import type { Target } from './target.ts';
import { parseTarget } from './target.ts';
import type { User, Users } from './users.ts';

export interface DispatcherOptions extends Service {
  readonly users: Users;
  readonly log: Logger;
  /** Names besides addresses under which clients may call. */
  readonly hostNames: readonly string[];
}

export type Dispatch = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => Promise<void>;

/** A request goes through six stages: parse its target, authenticate, detect the operation, authorize, run, answer. */
export function createDispatcher(options: DispatcherOptions): Dispatch {
  return async (request, response, expectsContinue) => {
    const requestId = randomHex(options.entropy, 8).toUpperCase();
    response.sendDate = false;
    response.setHeader('date', new Date(options.clock.now()).toUTCString());
    response.setHeader('x-amz-request-id', requestId);
    try {
      const asked = parseTarget(request, options.hostNames);
      const identity = authenticate(request, asked, options);
      const target = withPresignedHeaders(request.headers, asked);
      const operation = detectOperation(request, target);
      authorize(identity.user, operation, target);
      const body = new RequestBody(request, response, identity, expectsContinue);
      const answer = await run(options, { request, target, operation, body, user: identity.user });
      await sendAnswer(response, answer, target.method === 'HEAD');
      options.log.debug('s3 request served', {
        requestId,
        operation: operation.name,
        bucket: target.bucket,
        status: answer.status,
      });
    } catch (error) {
      await sendError(request, response, error, { requestId, log: options.log });
    }
  };
}

/** What a policy is asked: the key, or for a listing the prefix that is listed. DeleteObjects asks for every key by itself. */
function authorize(user: User, operation: Operation, target: Target): void {
  if (operation.name === 'DeleteObjects') return;
  const isListing = operation.name.startsWith('ListObjects') || operation.name === 'ListMultipartUploads';
  const key = target.key ?? (isListing ? (target.query.get('prefix') ?? '') : '');
  requireAccess(user, { action: operation.action, bucket: target.bucket ?? '*', key });
}

interface Run {
  readonly request: IncomingMessage;
  readonly target: Target;
  readonly operation: Operation;
  readonly body: RequestBody;
  readonly user: User;
}

async function run(service: Service, { request, target, operation, body, user }: Run): Promise<Answer> {
  if (operation.hasBody !== true) body.refuseAny();
  return operation.run({
    storage: service.storage,
    clock: service.clock,
    entropy: service.entropy,
    region: service.region,
    limits: service.limits,
    bucket: target.bucket ?? '',
    key: target.key ?? '',
    query: target.query,
    headers: request.headers,
    body,
    user,
    origin: `http://${request.headers.host ?? ''}`,
  });
}
