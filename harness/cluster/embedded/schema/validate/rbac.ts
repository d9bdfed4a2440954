import { isDeepStrictEqual } from 'node:util';

import type { KubeObject } from '../../kube-object.ts';
import type { Causes, Json } from './field-causes.ts';
import { checkName, child, invalid, list, notSupported, required, text, texts } from './field-causes.ts';
import { dnsSubdomain, pathSegment } from './names.ts';
import { checkLabelSelector } from './selectors.ts';

const GROUP = 'rbac.authorization.k8s.io';

export function validateRole(role: KubeObject): Causes {
  const causes: Causes = [];
  for (const [index, rule] of list(role, 'rules').entries()) checkRule(causes, `rules[${index}]`, rule, true);
  return causes;
}

export function validateClusterRole(role: KubeObject): Causes {
  const causes: Causes = [];
  for (const [index, rule] of list(role, 'rules').entries()) checkRule(causes, `rules[${index}]`, rule, false);
  const aggregation = child(role, 'aggregationRule');
  if (!aggregation) return causes;
  const field = 'aggregationRule.clusterRoleSelectors';
  const selectors = list(aggregation, 'clusterRoleSelectors');
  if (selectors.length === 0)
    causes.push(required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  for (const [index, selector] of selectors.entries()) checkLabelSelector(causes, `${field}[${index}]`, selector);
  return causes;
}

function checkRule(causes: Causes, at: string, rule: Json, isNamespaced: boolean): void {
  if (texts(rule, 'verbs').length === 0) causes.push(required(`${at}.verbs`, 'verbs must contain at least one value'));
  const urls = texts(rule, 'nonResourceURLs');
  const groups = texts(rule, 'apiGroups');
  const resources = texts(rule, 'resources');
  if (urls.length > 0) {
    const field = `${at}.nonResourceURLs`;
    if (isNamespaced) causes.push(invalid(field, urls, 'namespaced rules cannot apply to non-resource URLs'));
    if (groups.length + resources.length + texts(rule, 'resourceNames').length > 0) {
      causes.push(invalid(field, urls, 'rules cannot apply to both regular resources and non-resource URLs'));
    }
    return;
  }
  if (groups.length === 0)
    causes.push(required(`${at}.apiGroups`, 'resource rules must supply at least one api group'));
  if (resources.length === 0)
    causes.push(required(`${at}.resources`, 'resource rules must supply at least one resource'));
}

export function validateRoleBinding(binding: KubeObject): Causes {
  return validateBinding(binding, ['ClusterRole', 'Role'], true);
}

export function validateClusterRoleBinding(binding: KubeObject): Causes {
  return validateBinding(binding, ['ClusterRole'], false);
}

function validateBinding(binding: KubeObject, kinds: readonly string[], isNamespaced: boolean): Causes {
  const causes: Causes = [];
  const reference = child(binding, 'roleRef') ?? {};
  const group = text(reference, 'apiGroup');
  const kind = text(reference, 'kind');
  const name = text(reference, 'name');
  if (group !== GROUP) causes.push(notSupported('roleRef.apiGroup', group, [GROUP]));
  if (!kinds.includes(kind)) causes.push(notSupported('roleRef.kind', kind, kinds));
  if (name === '') causes.push(required('roleRef.name'));
  else checkName(causes, 'roleRef.name', name, pathSegment);
  for (const [index, subject] of list(binding, 'subjects').entries())
    checkSubject(causes, `subjects[${index}]`, subject, isNamespaced);
  return causes;
}

function checkSubject(causes: Causes, at: string, subject: Json, isNamespaced: boolean): void {
  const name = text(subject, 'name');
  const kind = text(subject, 'kind');
  const group = text(subject, 'apiGroup');
  if (name === '') causes.push(required(`${at}.name`));
  if (kind === 'ServiceAccount') {
    if (name !== '') checkName(causes, `${at}.name`, name, dnsSubdomain);
    if (group !== '') causes.push(notSupported(`${at}.apiGroup`, group, ['']));
    if (!isNamespaced && text(subject, 'namespace') === '') causes.push(required(`${at}.namespace`));
  } else if (kind === 'User' || kind === 'Group') {
    if (group !== GROUP) causes.push(notSupported(`${at}.apiGroup`, group, [GROUP]));
  } else {
    causes.push(notSupported(`${at}.kind`, kind, ['ServiceAccount', 'User', 'Group']));
  }
}

export function validateBindingUpdate(binding: KubeObject, previous: KubeObject): Causes {
  if (isDeepStrictEqual(binding['roleRef'], previous['roleRef'])) return [];
  const reference = child(binding, 'roleRef');
  const seen = { APIGroup: text(reference, 'apiGroup'), Kind: text(reference, 'kind'), Name: text(reference, 'name') };
  return [invalid('roleRef', seen, 'cannot change roleRef')];
}
