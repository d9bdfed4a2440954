import { WavetankError } from '../../../core/errors.ts';
import { RULES } from '../../../engine/deploy/rbac.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import type { TestbedNamespaces } from './ownership.ts';

const REVIEWS: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  resource: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  isClusterScoped: true,
};

export interface Permission {
  readonly verb: string;
  readonly group: string;
  /** With a subresource behind a slash. */
  readonly resource: string;
  /** Absent: in the whole cluster. */
  readonly namespace?: string | undefined;
}

export interface PermissionFinding extends Permission {
  readonly isAllowed: boolean;
}

const RBAC = 'rbac.authorization.k8s.io';
const CRDS = 'apiextensions.k8s.io';
const APPLY = ['get', 'create', 'patch', 'delete'] as const;

/** What a testbed does with the user's own account; by group, resource and verbs. */
const IN_CLUSTER: readonly (readonly [string, string, readonly string[]])[] = [
  ['', 'namespaces', ['get', 'list', 'create', 'patch', 'delete']],
  ['', 'nodes', ['list']],
  ['', 'persistentvolumes', ['list']],
  // Across namespaces: pods are watched where the jobs and where the canary are, markers are looked for everywhere.
  ['', 'pods', ['list', 'watch']],
  ['', 'configmaps', ['list']],
  ['oceanprotocol.com', 'workflows', ['list']],
  ['oceanprotocol.com', 'computeenvironments', ['list']],
  [CRDS, 'customresourcedefinitions', ['get', 'list', 'watch', 'create', 'delete']],
  [RBAC, 'clusterroles', ['get', 'list', 'create', 'delete']],
  [RBAC, 'clusterrolebindings', ['get', 'list', 'create', 'patch', 'delete']],
  ['storage.k8s.io', 'storageclasses', ['get', 'list']],
];

const IN_NAMESPACE: readonly (readonly [string, string, readonly string[]])[] = [
  ['', 'pods', ['get', 'list', 'watch', 'create', 'patch', 'delete']],
  ['', 'pods/log', ['get']],
  ['', 'configmaps', ['list', ...APPLY]],
  ['', 'secrets', ['list', ...APPLY]],
  ['', 'persistentvolumeclaims', ['list', ...APPLY]],
  ['', 'serviceaccounts', ['list', ...APPLY]],
  ['', 'serviceaccounts/token', ['create']],
  ['networking.k8s.io', 'networkpolicies', ['list', ...APPLY]],
  ['coordination.k8s.io', 'leases', ['list', 'delete']],
  [RBAC, 'roles', ['list', ...APPLY]],
  [RBAC, 'rolebindings', ['list', ...APPLY]],
  ['oceanprotocol.com', 'workflows', ['get', 'list', 'patch', 'delete']],
  ['oceanprotocol.com', 'computeenvironments', ['list', ...APPLY]],
];

/** First pods, and those that measure. */
const IN_PROBE: readonly (readonly [string, string, readonly string[]])[] = [
  ['', 'pods', ['get', 'list', 'create', 'delete']],
  ['', 'pods/log', ['get']],
  ['', 'persistentvolumeclaims', ['create', 'delete']],
  ['networking.k8s.io', 'networkpolicies', ['create']],
];

const IN_CANARY: readonly (readonly [string, string, readonly string[]])[] = [
  ['', 'pods', ['get', 'list', 'create']],
  ['', 'pods/log', ['get']],
];

/** Where the API server is, for pods to knock at. */
const IN_DEFAULT: readonly (readonly [string, string, readonly string[]])[] = [
  ['', 'services', ['get']],
  ['discovery.k8s.io', 'endpointslices', ['list']],
];

/** Each once. Rights that the parts get are among them: nobody can give away what he does not have. */
export function neededPermissions({ jobs, probe, canary }: TestbedNamespaces): Permission[] {
  const granted = Object.values(RULES).flatMap((rules) =>
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.map((resource) => [group, resource, verbs] as const)),
    ),
  );
  const all = [
    ...IN_CLUSTER.map((one) => [...one, undefined] as const),
    ...IN_DEFAULT.map((one) => [...one, 'default'] as const),
    ...[...IN_NAMESPACE, ...granted].map((one) => [...one, jobs] as const),
    // Who may do it where the jobs are need not be allowed it in the testbed's own namespaces.
    ...IN_PROBE.map((one) => [...one, probe] as const),
    ...IN_CANARY.map((one) => [...one, canary] as const),
  ].flatMap(([group, resource, verbs, place]) => verbs.map((verb) => ({ verb, group, resource, namespace: place })));
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

interface Review extends KubeObject {
  readonly status?: { readonly allowed?: boolean };
}

/** Asks the cluster itself; nothing is made. @throws KubeError, WavetankError CLUSTER_UNREACHABLE (environment) */
export async function askPermissions(
  client: Pick<KubeClient, 'create' | 'server'>,
  needed: readonly Permission[],
): Promise<PermissionFinding[]> {
  return Promise.all(
    needed.map(async (one) => {
      const [resource, subresource] = one.resource.split('/');
      const resourceAttributes = {
        verb: one.verb,
        group: one.group,
        resource,
        ...(subresource === undefined ? {} : { subresource }),
        ...(one.namespace === undefined ? {} : { namespace: one.namespace }),
      };
      const review = { metadata: {}, spec: { resourceAttributes } } as unknown as Review;
      const { status } = await client.create<Review>(REVIEWS, review);
      return { ...one, isAllowed: status?.allowed === true };
    }),
  );
}

/** One row per resource and place, with what is allowed and what is missing there. */
export interface PermissionRow {
  readonly place: string;
  readonly resource: string;
  readonly allowed: readonly string[];
  readonly missing: readonly string[];
}

export function permissionTable(findings: readonly PermissionFinding[]): PermissionRow[] {
  const groups = Map.groupBy(findings, ({ namespace, group, resource }) =>
    JSON.stringify([namespace === undefined ? 'the cluster' : `namespace ${namespace}`, group, resource]),
  );
  return [...groups].map(([key, rows]) => {
    const [place = '', group = '', resource = ''] = JSON.parse(key) as string[];
    const verbs = (isAllowed: boolean): string[] =>
      rows.filter((row) => row.isAllowed === isAllowed).map(({ verb }) => verb);
    return { place, resource: group ? `${resource}.${group}` : resource, allowed: verbs(true), missing: verbs(false) };
  });
}

export function renderPermissions(rows: readonly PermissionRow[]): string {
  const width = Math.max(...rows.map(({ resource }) => resource.length));
  const place = Math.max(...rows.map(({ place: text }) => text.length));
  return rows
    .map((row) => `${row.place.padEnd(place)}  ${row.resource.padEnd(width)}  ${row.missing.join(', ')}`)
    .join('\n');
}

/** @throws WavetankError CLUSTER_PERMISSIONS_MISSING (environment) with a table of what is missing */
export function requirePermissions(findings: readonly PermissionFinding[], server: string): void {
  const lacking = permissionTable(findings).filter(({ missing }) => missing.length > 0);
  if (lacking.length === 0) return;
  const asked = findings.length;
  const count = findings.filter(({ isAllowed }) => !isAllowed).length;
  throw new WavetankError(
    'CLUSTER_PERMISSIONS_MISSING',
    `This account may not do ${count} of ${asked} things that a testbed needs in ${server}:\n${renderPermissions(lacking)}`,
    {
      category: 'environment',
      hint: 'Nothing was made there. Use an account that may do these too; an administrator may.',
      details: { missing: lacking.map(({ place, resource, missing }) => ({ place, resource, verbs: missing })) },
    },
  );
}
