import type { Dice } from '../dice.ts';
import { randomEdits } from './edits.ts';
import type { FuzzKind } from './kinds.ts';
import { schemaOf } from './schema.ts';
import type { Edit, JsonObject } from './step.ts';
import type { Draft } from './request-parts.ts';

const AUTHORIZATION = 'authorization.k8s.io';
const AUTHENTICATION = 'authentication.k8s.io';

interface Review {
  readonly group: string;
  readonly kind: string;
  readonly namespaced?: boolean;
  readonly spec: JsonObject;
}

/** A question about who may do what, or who somebody is. */
export function reviewStep(dice: Dice, _kind: FuzzKind): Draft {
  const review = dice.pick(reviews(dice));
  const { group, kind, namespaced, spec } = review;
  const resource = `${kind.toLowerCase()}s`;
  const value = { apiVersion: `${group}/v1`, kind, ...(kind === 'SelfSubjectReview' ? {} : { spec }) };
  const edits = dice.chance(25) ? aboutSpec(randomEdits(dice, schemaOf({ group, version: 'v1', kind }), value)) : [];
  return {
    method: 'POST',
    path: `/apis/${group}/v1/${namespaced === true ? 'namespaces/{ns}/' : ''}${resource}`,
    // Who its administrator is, each cluster says in its own words.
    headers: { 'content-type': 'application/json', 'impersonate-user': dice.pick(['viewer', 'manager', 'nobody']) },
    body: { form: 'object', value, edits, encoding: 'json' },
  };
}

/** Metadata of a question is refused in words that hold all that a server adds to it. */
function aboutSpec(edits: readonly Edit[]): Edit[] {
  return edits.filter(
    ({ path }) => path[0] !== 'metadata' && !path.includes('labelSelector') && !path.includes('fieldSelector'),
  );
}

function reviews(dice: Dice): Review[] {
  const attributes = {
    namespace: '{ns}',
    verb: dice.pick(['get', 'list', 'create', 'delete', '*']),
    resource: dice.pick(['pods', 'configmaps', 'secrets', 'roles', 'leases', '*']),
    ...(dice.chance(20) ? { group: dice.pick(['', 'rbac.authorization.k8s.io', 'coordination.k8s.io']) } : {}),
    ...(dice.chance(20) ? { subresource: dice.pick(['status', 'log']) } : {}),
    ...(dice.chance(20) ? { name: 'a' } : {}),
  };
  const asked = dice.pick(['viewer', 'editor', 'manager', 'reader', 'nobody']);
  const path = { path: dice.pick(['/healthz', '/version', '/secret']), verb: 'get' };
  return [
    { group: AUTHORIZATION, kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: attributes } },
    { group: AUTHORIZATION, kind: 'SelfSubjectAccessReview', spec: { nonResourceAttributes: path } },
    { group: AUTHORIZATION, kind: 'SubjectAccessReview', spec: { user: asked, resourceAttributes: attributes } },
    {
      group: AUTHORIZATION,
      kind: 'SubjectAccessReview',
      spec: { user: asked, groups: ['g'], nonResourceAttributes: path },
    },
    { group: AUTHORIZATION, kind: 'SubjectAccessReview', spec: { resourceAttributes: attributes } },
    { group: AUTHORIZATION, kind: 'SubjectAccessReview', spec: { user: asked } },
    {
      group: AUTHORIZATION,
      kind: 'LocalSubjectAccessReview',
      namespaced: true,
      spec: { user: asked, resourceAttributes: attributes },
    },
    {
      group: AUTHORIZATION,
      kind: 'LocalSubjectAccessReview',
      namespaced: true,
      spec: { user: asked, resourceAttributes: { ...attributes, namespace: 'other' } },
    },
    { group: AUTHENTICATION, kind: 'SelfSubjectReview', spec: {} },
    { group: AUTHENTICATION, kind: 'TokenReview', spec: { token: 'none' } },
  ];
}
