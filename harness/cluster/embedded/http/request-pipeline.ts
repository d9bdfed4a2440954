import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../../../core/log.ts';
import { messageOf } from '../../../../core/errors.ts';
import type { ApiCore, UserInfo } from '../api-core.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { impersonated } from '../auth/impersonation.ts';
import type { RbacAuthorizer } from '../auth/rbac.ts';
import { forbiddenWhy } from '../auth/rbac.ts';
import { badRequest, forbidden, forbiddenPath, isKubeStatus, methodNotAllowed } from '../kube-status.ts';
import { discoveryAnswer } from './discovery.ts';
import { openApiAnswer } from './open-api.ts';
import { parseLabelSelector } from '../selectors/label-selector.ts';
import { nameIn } from '../verbs/list.ts';
import type { RequestInfo } from './request-info.ts';
import { parseRequest } from './request-info.ts';
import type { ResourceRoutes } from './resource-routes.ts';
import type { Answer } from './respond.ts';
import { jsonAnswer, PAGE_NOT_FOUND, write, writeError } from './respond.ts';

export interface PipelineParts {
  readonly core: ApiCore;
  readonly authenticator: Authenticator;
  readonly authorizer: RbacAuthorizer;
  readonly resources: ResourceRoutes;
  readonly log: Logger;
  /** host:port, for discovery. */
  address(): string;
}

const HEALTH_PATHS = new Set(['/healthz', '/livez', '/readyz']);

/** One request through all stages: parse, authenticate, impersonate, authorize, serve; whatever a stage throws becomes a Status. */
export async function handleRequest(
  parts: PipelineParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const info = parseRequest(request.method ?? 'GET', request.url ?? '/');
    if (info === undefined) throw badRequest('invalid URL escape');
    const user = impersonated(request, parts.authenticator.authenticate(request), parts.authorizer);
    authorize(parts.authorizer, info, user);
    if (info.isResource) return await parts.resources.handle({ request, response, info, user });
    const answer = plainAnswer(parts, request, info);
    // An unread body would be taken for the next request of this connection.
    request.resume();
    write(response, answer);
  } catch (error) {
    if (!isKubeStatus(error))
      parts.log.error('a request failed', {
        method: request.method,
        path: request.url?.split('?')[0],
        error: messageOf(error),
      });
    request.resume();
    writeError(response, error);
  }
}

/** Of parameters that cannot be read none counts. */
function nameSelected(query: URLSearchParams): string {
  const name = nameIn(query);
  if (name === '') return '';
  try {
    parseLabelSelector(query.get('labelSelector') ?? '');
    return name;
  } catch (error) {
    if (isKubeStatus(error)) return '';
    throw error;
  }
}

function authorize(authorizer: RbacAuthorizer, info: RequestInfo, user: UserInfo): void {
  // A list of one name is a request for that name: roles that name resources allow it.
  const name = info.name || nameSelected(info.query);
  const attributes = {
    user,
    verb: info.verb,
    // Requests on a namespace itself are authorized inside it, as the real server does.
    namespace: info.namespace ?? (info.resource === 'namespaces' && info.name !== '' ? info.name : undefined),
    group: info.group,
    resource: info.resource,
    subresource: info.subresource,
    name,
    ...(info.isResource ? {} : { path: info.path }),
  };
  if (authorizer.isAllowed(attributes)) return;
  const why = forbiddenWhy(attributes);
  throw info.isResource ? forbidden(info, name, why) : forbiddenPath(why);
}

function plainAnswer({ core, address }: PipelineParts, request: IncomingMessage, { path }: RequestInfo): Answer {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const answer = plainGet(core, path, request.headers.accept ?? '', address);
  if (answer === undefined) return PAGE_NOT_FOUND;
  if (!isRead) throw methodNotAllowed();
  return answer;
}

function plainGet(core: ApiCore, path: string, accept: string, address: () => string): Answer | undefined {
  if (HEALTH_PATHS.has(path)) return { code: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' };
  if (path === '/version' || path === '/version/')
    return jsonAnswer(200, { ...core.schema.kubernetesVersion, platform: 'linux/amd64' });
  if (path === '/')
    return jsonAnswer(200, { paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'] });
  if (path.startsWith('/openapi')) return openApiAnswer(core, path);
  return discoveryAnswer(core.resources, path, accept, address());
}
