import { arrayAt, equalJson, isObject, stringAt, valueAt } from '../json.ts';
import type { FieldCause } from '../schema-face.ts';
import type { KindStrategy } from './kind-strategy.ts';
import { forbiddenField, invalidValue, notSupported, required } from './metadata.ts';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

export const rbacRoleStrategy: KindStrategy = {
  validate: (object) => [
    // Differs from kube-apiserver: aggregated cluster roles are refused, because no controller here would fill their rules.
    ...(valueAt(object, 'aggregationRule') === undefined
      ? []
      : [forbiddenField('aggregationRule', 'aggregated cluster roles are not served by this cluster')]),
    ...arrayAt(object, 'rules').flatMap((rule, index) => validateRule(rule, `rules[${index}]`, object.kind === 'Role')),
  ],
};

function validateRule(rule: unknown, field: string, isNamespaced: boolean): FieldCause[] {
  const causes: FieldCause[] = [];
  const urls = arrayAt(rule, 'nonResourceURLs');
  if (arrayAt(rule, 'verbs').length === 0)
    causes.push(required(`${field}.verbs`, 'verbs must contain at least one value'));
  if (urls.length > 0) {
    if (isNamespaced)
      causes.push(invalidValue(`${field}.nonResourceURLs`, urls, 'namespaced rules cannot apply to non-resource URLs'));
    if (
      arrayAt(rule, 'apiGroups').length + arrayAt(rule, 'resources').length + arrayAt(rule, 'resourceNames').length >
      0
    ) {
      causes.push(
        invalidValue(
          `${field}.nonResourceURLs`,
          urls,
          'rules cannot apply to both regular resources and non-resource URLs',
        ),
      );
    }
    return causes;
  }
  if (arrayAt(rule, 'apiGroups').length === 0)
    causes.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  if (arrayAt(rule, 'resources').length === 0)
    causes.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  return causes;
}

export const rbacBindingStrategy: KindStrategy = {
  prepareCreate(object) {
    const reference = object['roleRef'];
    if (isObject(reference)) reference['apiGroup'] ??= RBAC_GROUP;
    for (const subject of arrayAt(object, 'subjects')) {
      if (isObject(subject) && subject['kind'] !== 'ServiceAccount') subject['apiGroup'] ??= RBAC_GROUP;
    }
  },
  validate(object) {
    const kinds = object.kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole'];
    const kind = stringAt(object, 'roleRef', 'kind') ?? '';
    const group = stringAt(object, 'roleRef', 'apiGroup') ?? '';
    return [
      ...(group === RBAC_GROUP ? [] : [notSupported('roleRef.apiGroup', group, [RBAC_GROUP])]),
      ...(kinds.includes(kind) ? [] : [notSupported('roleRef.kind', kind, kinds)]),
      ...(stringAt(object, 'roleRef', 'name') ? [] : [required('roleRef.name')]),
      ...arrayAt(object, 'subjects').flatMap((subject, index) => validateSubject(subject, `subjects[${index}]`)),
    ];
  },
  validateUpdate: (object, previous) =>
    equalJson(object['roleRef'], previous['roleRef'])
      ? []
      : [invalidValue('roleRef', object['roleRef'], 'cannot change roleRef')],
};

function validateSubject(subject: unknown, field: string): FieldCause[] {
  const kind = stringAt(subject, 'kind') ?? '';
  const causes: FieldCause[] = [];
  if (!stringAt(subject, 'name')) causes.push(required(`${field}.name`));
  if (!['ServiceAccount', 'User', 'Group'].includes(kind))
    causes.push(notSupported(`${field}.kind`, kind, ['Group', 'ServiceAccount', 'User']));
  if (kind === 'ServiceAccount' && !stringAt(subject, 'namespace')) causes.push(required(`${field}.namespace`));
  return causes;
}
