import type { UserInfo } from '../api-core.ts';
import { arrayAt, isObject, stringAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Store } from '../store/store.ts';

/** What somebody wants to do. A `path` is set for requests that name no resource. */
export interface Attributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly namespace: string | undefined;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  readonly path?: string;
}

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

const MASTERS = 'system:masters';
const RBAC = 'rbac.authorization.k8s.io';

/** Role-based access control over the roles and bindings in the store. */
export class RbacAuthorizer {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  isAllowed(attributes: Attributes): boolean {
    if (attributes.user.groups.includes(MASTERS)) return true;
    return this.rulesFor(attributes.user, attributes.namespace).some((rule) => allows(rule, attributes));
  }

  /** Undefined when it is not; '' for the group that may do everything without a rule. */
  whyAllowed(attributes: Attributes): string | undefined {
    if (attributes.user.groups.includes(MASTERS)) return '';
    for (const { binding, subject } of this.#bindingsOf(attributes.user, attributes.namespace)) {
      const rules = this.rulesOfRole(binding['roleRef'], binding.metadata.namespace);
      if (rules.some((held) => allows(held, attributes))) return reasonOf(binding, subject);
    }
    return undefined;
  }

  /** All rules that hold for a user in a namespace; cluster-wide ones alone without one. */
  rulesFor(user: UserInfo, namespace: string | undefined): readonly PolicyRule[] {
    if (user.groups.includes(MASTERS))
      return [
        rule({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }),
        rule({ verbs: ['*'], nonResourceURLs: ['*'] }),
      ];
    return this.#bindingsOf(user, namespace).flatMap(({ binding }) =>
      this.rulesOfRole(binding['roleRef'], binding.metadata.namespace),
    );
  }

  #bindingsOf(user: UserInfo, namespace: string | undefined): { binding: KubeObject; subject: unknown }[] {
    const bindings = [
      ...this.#store.list(`${RBAC}/clusterrolebindings`),
      ...(namespace === undefined ? [] : this.#store.list(`${RBAC}/rolebindings`, namespace)),
    ];
    return bindings.flatMap((binding) => {
      const subject = arrayAt(binding, 'subjects').find((item) => isSubject(item, user, binding.metadata.namespace));
      return subject === undefined ? [] : [{ binding, subject }];
    });
  }

  hasRole(reference: unknown, namespace: string | undefined): boolean {
    return this.#role(reference, namespace) !== undefined;
  }

  rulesOfRole(reference: unknown, namespace: string | undefined): readonly PolicyRule[] {
    return rulesOf(this.#role(reference, namespace));
  }

  #role(reference: unknown, namespace: string | undefined): KubeObject | undefined {
    const name = stringAt(reference, 'name') ?? '';
    const isClusterRole = stringAt(reference, 'kind') === 'ClusterRole';
    return isClusterRole
      ? this.#store.get(`${RBAC}/clusterroles`, undefined, name)
      : this.#store.get(`${RBAC}/roles`, namespace, name);
  }
}

function reasonOf({ kind, metadata, roleRef }: KubeObject, subject: unknown): string {
  const text = (value: unknown, name: string): string => stringAt(value, name) ?? '';
  const name = metadata.namespace === undefined ? metadata.name : `${metadata.name}/${metadata.namespace}`;
  const who =
    text(subject, 'kind') === 'ServiceAccount'
      ? `${text(subject, 'name')}/${text(subject, 'namespace')}`
      : text(subject, 'name');
  const role = `${text(roleRef, 'kind')} ${JSON.stringify(text(roleRef, 'name'))}`;
  return `RBAC: allowed by ${kind} ${JSON.stringify(name)} of ${role} to ${text(subject, 'kind')} ${JSON.stringify(who)}`;
}

export function rulesOf(role: unknown): readonly PolicyRule[] {
  return arrayAt(role, 'rules').filter(isObject).map(rule);
}

function rule(fields: Record<string, unknown>): PolicyRule {
  const strings = (name: string): string[] => arrayAt(fields, name).map(String);
  return {
    verbs: strings('verbs'),
    apiGroups: strings('apiGroups'),
    resources: strings('resources'),
    resourceNames: strings('resourceNames'),
    nonResourceURLs: strings('nonResourceURLs'),
  };
}

function isSubject(subject: unknown, user: UserInfo, bindingNamespace: string | undefined): boolean {
  const kind = stringAt(subject, 'kind');
  const name = stringAt(subject, 'name') ?? '';
  if (kind === 'User') return user.username === name;
  if (kind === 'Group') return user.groups.includes(name);
  return (
    kind === 'ServiceAccount' &&
    user.username === `system:serviceaccount:${stringAt(subject, 'namespace') ?? bindingNamespace}:${name}`
  );
}

export function allows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!includes(rule.verbs, attributes.verb)) return false;
  if (attributes.path !== undefined) return rule.nonResourceURLs.some((url) => matchesUrl(url, attributes.path ?? ''));
  const wanted =
    attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  const hasResource = rule.resources.some(
    (resource) =>
      resource === '*' ||
      resource === wanted ||
      (attributes.subresource !== '' && resource === `*/${attributes.subresource}`),
  );
  return (
    includes(rule.apiGroups, attributes.group) &&
    hasResource &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(attributes.name))
  );
}

function includes(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

function matchesUrl(pattern: string, path: string): boolean {
  return pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)));
}

/** Whether rules that a user holds allow everything that a new rule would: nobody grants more than they have. */
export function covers(held: readonly PolicyRule[], wanted: PolicyRule, user: UserInfo): boolean {
  const attributes = { user, namespace: undefined };
  const names = wanted.resourceNames.length > 0 ? wanted.resourceNames : [''];
  for (const verb of wanted.verbs) {
    for (const path of wanted.nonResourceURLs) {
      if (
        !held.some((rule) =>
          allows(rule, { ...attributes, verb, path, group: '', resource: '', subresource: '', name: '' }),
        )
      )
        return false;
    }
    for (const group of wanted.apiGroups) {
      for (const whole of wanted.resources) {
        const [resource = '', subresource = ''] = whole.split('/');
        for (const name of names)
          if (!held.some((rule) => allows(rule, { ...attributes, verb, group, resource, subresource, name })))
            return false;
      }
    }
  }
  return true;
}

/** The words of a 403, as the real server's. */
export function forbiddenWhy({ user, verb, group, resource, subresource, namespace, path }: Attributes): string {
  const who = `User ${JSON.stringify(user.username)} cannot`;
  if (path !== undefined) return `${who} ${verb} path ${JSON.stringify(path)}`;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}
