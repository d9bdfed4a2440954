import type { AdmissionPlugin } from '../api-core.ts';
import { covers, RbacAuthorizer, rulesOf } from '../auth/rbac.ts';
import type { PolicyRule } from '../auth/rbac.ts';
import { equalJson } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { forbidden, notFound } from '../kube-status.ts';
import { RBAC_GROUP } from '../validation/rbac.ts';

/** Nobody grants what they do not hold, unless they may `escalate` (roles) or `bind` (bindings). */
export const rbacEscalation: AdmissionPlugin = {
  // Before the object is validated, as the real server does.
  mutate({ core, context, operation, served, namespace, name, object, previous }) {
    if (served.group !== RBAC_GROUP || operation === 'DELETE' || object === undefined) return;
    const authorizer = new RbacAuthorizer(core.store);
    const isBinding = served.resource.endsWith('bindings');
    // What the garbage collector changes needs no rights.
    if (previous !== undefined && equalJson(withoutCollected(object), withoutCollected(previous))) return;
    const roleRef = object['roleRef'] as { kind?: string; name?: string } | undefined;
    const attributes = isBinding
      ? {
          verb: 'bind',
          resource: roleRef?.kind === 'ClusterRole' ? 'clusterroles' : 'roles',
          name: roleRef?.name ?? '',
        }
      : { verb: 'escalate', resource: served.resource, name };
    if (authorizer.isAllowed({ user: context.user, namespace, group: RBAC_GROUP, subresource: '', ...attributes }))
      return;
    // The role is looked up for its rules; the answer is about the binding, whose resource the wrapper knows.
    if (isBinding && !authorizer.hasRole(object['roleRef'], namespace)) throw notFound(served, roleRef?.name ?? '');
    const wanted = isBinding ? authorizer.rulesOfRole(object['roleRef'], namespace) : rulesOf(object);
    const held = authorizer.rulesFor(context.user, namespace);
    const missing = wanted.filter((rule) => !covers(held, rule, context.user));
    if (missing.length === 0) return;
    const { username, groups } = context.user;
    throw forbidden(
      served,
      name,
      `user ${JSON.stringify(username)} (groups=[${groups.map((group) => JSON.stringify(group)).join(' ')}]) is attempting to grant RBAC permissions not currently held:\n${missing.map(ruleText).join('\n')}`,
    );
  },
};

function withoutCollected(object: KubeObject): object {
  const { finalizers: _finalizers, ownerReferences: _owners, resourceVersion: _version, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function ruleText(rule: PolicyRule): string {
  const parts = Object.entries({
    APIGroups: rule.apiGroups,
    Resources: rule.resources,
    ResourceNames: rule.resourceNames,
    NonResourceURLs: rule.nonResourceURLs,
    Verbs: rule.verbs,
  });
  return `{${parts
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => `${name}:[${list.map((item) => JSON.stringify(item)).join(' ')}]`)
    .join(', ')}}`;
}
