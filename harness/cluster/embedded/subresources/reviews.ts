import type { ApiCore, RequestContext, UserInfo } from '../api-core.ts';
import { timestamp } from '../api-core.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Attributes, RbacAuthorizer } from '../auth/rbac.ts';
import { arrayAt, isObject, objectAt, stringAt, valueAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { badRequest, invalid, methodNotAllowed } from '../kube-status.ts';
import type { ServedResource } from '../resource-table.ts';
import { apiVersionOf } from '../resource-table.ts';
import { decodeObject } from '../verbs/decode.ts';

export interface ReviewParts {
  readonly core: ApiCore;
  readonly authenticator: Authenticator;
  readonly authorizer: RbacAuthorizer;
}

/** Questions to the authenticator and the authorizer: `kubectl auth can-i`, `kubectl auth whoami`. */
export function reviewAnswer(
  { core, authenticator, authorizer }: ReviewParts,
  context: RequestContext,
  served: ServedResource,
  namespace: string | undefined,
  body: unknown,
): unknown {
  const review = decodeObject(core, context, served, body);
  const spec = objectAt(review, 'spec');
  if (namespace !== undefined) review.metadata.namespace = namespace;
  const causes = core.schema.validate(served, review);
  // The real server names the group alone in this one.
  if (causes.length > 0) throw invalid({ group: served.group, kind: '' }, '', causes);
  const answer = (status: unknown): unknown => ({
    kind: served.kind,
    apiVersion: apiVersionOf(served),
    metadata: namespace === undefined ? {} : { namespace },
    spec,
    status,
  });
  switch (served.kind) {
    case 'SelfSubjectReview':
      return {
        kind: served.kind,
        apiVersion: apiVersionOf(served),
        metadata: { creationTimestamp: timestamp(core.clock.now()) },
        status: { userInfo: context.user },
      };
    case 'SelfSubjectAccessReview':
      return answer(accessStatus(authorizer, spec, context.user));
    case 'SubjectAccessReview':
      return answer(accessStatus(authorizer, spec, subjectOf(spec)));
    case 'LocalSubjectAccessReview':
      return answer(accessStatus(authorizer, spec, subjectOf(spec)));
    case 'SelfSubjectRulesReview':
      return answer(rulesStatus(authorizer, spec, context.user));
    case 'TokenReview':
      return answer(tokenStatus(authenticator, spec));
    default:
      throw methodNotAllowed(served);
  }
}

function accessStatus(authorizer: RbacAuthorizer, spec: JsonObject, user: UserInfo): unknown {
  const resource = spec['resourceAttributes'];
  const reason = authorizer.whyAllowed(
    isObject(resource) ? resourceAttributes(resource, user) : pathAttributes(spec['nonResourceAttributes'], user),
  );
  if (reason === undefined) return { allowed: false };
  return reason === '' ? { allowed: true } : { allowed: true, reason };
}

function resourceAttributes(resource: JsonObject, user: UserInfo): Attributes {
  const text = (name: string): string => stringAt(resource, name) ?? '';
  const namespace = text('namespace');
  return {
    user,
    verb: text('verb'),
    namespace: namespace === '' ? undefined : namespace,
    group: text('group'),
    resource: text('resource'),
    subresource: text('subresource'),
    name: text('name'),
  };
}

function pathAttributes(path: unknown, user: UserInfo): Attributes {
  return {
    user,
    verb: stringAt(path, 'verb') ?? '',
    path: stringAt(path, 'path') ?? '',
    namespace: undefined,
    group: '',
    resource: '',
    subresource: '',
    name: '',
  };
}

function subjectOf(spec: JsonObject): UserInfo {
  return { username: stringAt(spec, 'user') ?? '', groups: arrayAt(spec, 'groups').map(String) };
}

function rulesStatus(authorizer: RbacAuthorizer, spec: JsonObject, user: UserInfo): unknown {
  const namespace = stringAt(spec, 'namespace') ?? '';
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = authorizer.rulesFor(user, namespace);
  const shown = (names: readonly string[]): readonly string[] | undefined => (names.length > 0 ? names : undefined);
  return {
    resourceRules: rules
      .filter((rule) => rule.nonResourceURLs.length === 0)
      .map((rule) => ({
        verbs: rule.verbs,
        apiGroups: rule.apiGroups,
        resources: rule.resources,
        resourceNames: shown(rule.resourceNames),
      })),
    nonResourceRules: rules
      .filter((rule) => rule.nonResourceURLs.length > 0)
      .map((rule) => ({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs })),
    incomplete: false,
  };
}

function tokenStatus(authenticator: Authenticator, spec: JsonObject): unknown {
  if (!stringAt(spec, 'token')) throw badRequest('token is required for TokenReview in authentication');
  const audiences = arrayAt(spec, 'audiences').map(String);
  const user = authenticator.byToken(stringAt(spec, 'token') ?? '', audiences.length > 0 ? audiences : undefined);
  if (user === undefined) return { user: {}, error: 'invalid bearer token' };
  return { authenticated: true, user, ...(valueAt(spec, 'audiences') === undefined ? {} : { audiences }) };
}
