/**
 * Field numbers of the kinds that kubectl's own subcommands (create, auth can-i) send as protobuf, from Kubernetes' published
 * .proto files; they never change.
 * A type is a scalar, a message of this table, `[]` for repeated or `{}` for a map from strings.
 */
export type MessageFields = Readonly<Record<number, readonly [name: string, type: string]>>;

const SIMPLE = { 1: ['metadata', 'ObjectMeta'] } as const;
const REVIEWED = {
  1: ['resourceAttributes', 'ResourceAttributes'],
  2: ['nonResourceAttributes', 'NonResourceAttributes'],
} as const;
const BINDING = { ...SIMPLE, 2: ['subjects', '[]Subject'], 3: ['roleRef', 'RoleRef'] } as const;

export const MESSAGES: Readonly<Record<string, MessageFields>> = {
  Unknown: {
    1: ['typeMeta', 'TypeMeta'],
    2: ['raw', 'raw'],
    3: ['contentEncoding', 'string'],
    4: ['contentType', 'string'],
  },
  TypeMeta: { 1: ['apiVersion', 'string'], 2: ['kind', 'string'] },
  Time: { 1: ['seconds', 'int'], 2: ['nanos', 'int'] },
  ObjectMeta: {
    1: ['name', 'string'],
    2: ['generateName', 'string'],
    3: ['namespace', 'string'],
    4: ['selfLink', 'string'],
    5: ['uid', 'string'],
    6: ['resourceVersion', 'string'],
    7: ['generation', 'int'],
    8: ['creationTimestamp', 'Time'],
    9: ['deletionTimestamp', 'Time'],
    10: ['deletionGracePeriodSeconds', 'int'],
    11: ['labels', '{}string'],
    12: ['annotations', '{}string'],
    13: ['ownerReferences', '[]OwnerReference'],
    14: ['finalizers', '[]string'],
  },
  OwnerReference: {
    1: ['kind', 'string'],
    3: ['name', 'string'],
    4: ['uid', 'string'],
    5: ['apiVersion', 'string'],
    6: ['controller', 'bool'],
    7: ['blockOwnerDeletion', 'bool'],
  },
  DeleteOptions: {
    1: ['gracePeriodSeconds', 'int'],
    2: ['preconditions', 'Preconditions'],
    3: ['orphanDependents', 'bool'],
    4: ['propagationPolicy', 'string'],
    5: ['dryRun', '[]string'],
  },
  Preconditions: { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] },
  Empty: {},
  ConfigMap: { ...SIMPLE, 2: ['data', '{}string'], 3: ['binaryData', '{}bytes'], 4: ['immutable', 'bool'] },
  Secret: {
    ...SIMPLE,
    2: ['data', '{}bytes'],
    3: ['type', 'string'],
    4: ['stringData', '{}string'],
    5: ['immutable', 'bool'],
  },
  Namespace: { ...SIMPLE, 2: ['spec', 'NamespaceSpec'], 3: ['status', 'NamespaceStatus'] },
  NamespaceSpec: { 1: ['finalizers', '[]string'] },
  NamespaceStatus: { 1: ['phase', 'string'] },
  ServiceAccount: {
    ...SIMPLE,
    2: ['secrets', '[]ObjectReference'],
    3: ['imagePullSecrets', '[]LocalObjectReference'],
    4: ['automountServiceAccountToken', 'bool'],
  },
  LocalObjectReference: { 1: ['name', 'string'] },
  ObjectReference: {
    1: ['kind', 'string'],
    2: ['namespace', 'string'],
    3: ['name', 'string'],
    4: ['uid', 'string'],
    5: ['apiVersion', 'string'],
    6: ['resourceVersion', 'string'],
    7: ['fieldPath', 'string'],
  },
  Role: { ...SIMPLE, 2: ['rules', '[]PolicyRule'] },
  ClusterRole: { ...SIMPLE, 2: ['rules', '[]PolicyRule'], 3: ['aggregationRule', 'Empty'] },
  RoleBinding: BINDING,
  ClusterRoleBinding: BINDING,
  PolicyRule: {
    1: ['verbs', '[]string'],
    2: ['apiGroups', '[]string'],
    3: ['resources', '[]string'],
    4: ['resourceNames', '[]string'],
    5: ['nonResourceURLs', '[]string'],
  },
  Subject: { 1: ['kind', 'string'], 2: ['apiGroup', 'string'], 3: ['name', 'string'], 4: ['namespace', 'string'] },
  RoleRef: { 1: ['apiGroup', 'string'], 2: ['kind', 'string'], 3: ['name', 'string'] },
  Eviction: { ...SIMPLE, 2: ['deleteOptions', 'DeleteOptions'] },
  SelfSubjectReview: { ...SIMPLE, 2: ['status', 'Empty'] },
  SelfSubjectAccessReview: { ...SIMPLE, 2: ['spec', 'SelfSubjectAccessReviewSpec'], 3: ['status', 'Empty'] },
  SelfSubjectAccessReviewSpec: REVIEWED,
  SelfSubjectRulesReview: { ...SIMPLE, 2: ['spec', 'SelfSubjectRulesReviewSpec'], 3: ['status', 'Empty'] },
  SelfSubjectRulesReviewSpec: { 1: ['namespace', 'string'] },
  SubjectAccessReview: { ...SIMPLE, 2: ['spec', 'SubjectAccessReviewSpec'], 3: ['status', 'Empty'] },
  LocalSubjectAccessReview: { ...SIMPLE, 2: ['spec', 'SubjectAccessReviewSpec'], 3: ['status', 'Empty'] },
  SubjectAccessReviewSpec: { ...REVIEWED, 3: ['user', 'string'], 4: ['groups', '[]string'], 6: ['uid', 'string'] },
  ResourceAttributes: {
    1: ['namespace', 'string'],
    2: ['verb', 'string'],
    3: ['group', 'string'],
    4: ['version', 'string'],
    5: ['resource', 'string'],
    6: ['subresource', 'string'],
    7: ['name', 'string'],
  },
  NonResourceAttributes: { 1: ['path', 'string'], 2: ['verb', 'string'] },
  TokenRequest: { ...SIMPLE, 2: ['spec', 'TokenRequestSpec'], 3: ['status', 'Empty'] },
  TokenRequestSpec: {
    1: ['audiences', '[]string'],
    3: ['boundObjectRef', 'BoundObjectReference'],
    4: ['expirationSeconds', 'int'],
  },
  BoundObjectReference: {
    1: ['kind', 'string'],
    2: ['apiVersion', 'string'],
    3: ['name', 'string'],
    4: ['uid', 'string'],
  },
};

/** Which of them may be a body. */
export const PROTOBUF_KINDS: ReadonlySet<string> = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'ConfigMap',
  'DeleteOptions',
  'Eviction',
  'LocalSubjectAccessReview',
  'Namespace',
  'Role',
  'RoleBinding',
  'Secret',
  'SelfSubjectAccessReview',
  'SelfSubjectReview',
  'SelfSubjectRulesReview',
  'ServiceAccount',
  'SubjectAccessReview',
  'TokenRequest',
]);
