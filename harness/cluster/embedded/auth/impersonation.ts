import type { IncomingMessage } from 'node:http';
import type { UserInfo } from '../api-core.ts';
import { badRequest, forbidden } from '../kube-status.ts';
import type { Attributes, RbacAuthorizer } from './rbac.ts';
import { forbiddenWhy } from './rbac.ts';

/** `kubectl --as`: acts as somebody else, when the caller may `impersonate` them. @throws KubeStatusError 400, 403 */
export function impersonated(request: IncomingMessage, user: UserInfo, authorizer: RbacAuthorizer): UserInfo {
  const names = Object.keys(request.headers).filter((name) => name.startsWith('impersonate-'));
  if (names.length === 0) return user;
  const username = String(request.headers['impersonate-user'] ?? '');
  const groups = listOf(request, 'impersonate-group');
  const unsupported = names.find((name) => name !== 'impersonate-user' && name !== 'impersonate-group');
  // Differs from kube-apiserver: impersonated uids and extra fields are refused, since nothing here would read them.
  if (unsupported !== undefined) throw badRequest(`the header ${unsupported} is not supported by this cluster`);
  if (username === '') throw badRequest(`requested [{Group  ${groups.join(' ')}}] without impersonating a user`);
  checkMay(authorizer, user, userAttributes(user, username));
  for (const group of groups) checkMay(authorizer, user, { ...base(user), resource: 'groups', name: group });
  const account = serviceAccountOf(username);
  const own = account ? ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`] : [];
  const all = groups.length > 0 ? groups : own;
  return {
    username,
    groups: [...new Set([...all, username === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated'])],
  };
}

function base(user: UserInfo): Attributes {
  return { user, verb: 'impersonate', namespace: undefined, group: '', resource: 'users', subresource: '', name: '' };
}

function userAttributes(user: UserInfo, username: string): Attributes {
  const account = serviceAccountOf(username);
  return account
    ? { ...base(user), resource: 'serviceaccounts', namespace: account.namespace, name: account.name }
    : { ...base(user), name: username };
}

function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  const parts = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username);
  return parts ? { namespace: parts[1] ?? '', name: parts[2] ?? '' } : undefined;
}

function listOf(request: IncomingMessage, name: string): string[] {
  return request.headersDistinct[name] ?? [];
}

function checkMay(authorizer: RbacAuthorizer, user: UserInfo, attributes: Attributes): void {
  if (!authorizer.isAllowed(attributes))
    throw forbidden(attributes, attributes.name, forbiddenWhy({ ...attributes, user }));
}
