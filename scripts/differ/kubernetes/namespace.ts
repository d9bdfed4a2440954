import type { Clock } from '../../../core/clock.ts';
import { WavetankError } from '../../../core/errors.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { ApiConnection } from './api-connection.ts';
import { FUZZ_KINDS } from './kinds.ts';
import { PROBE_DEFINITION } from './probe-definition.ts';
import { isOutOfTime } from './out-of-time.ts';
import type { Answer } from './step.ts';

const RBAC = 'rbac.authorization.k8s.io';
const TIMEOUT_MS = 60_000;
const JSON_TYPE = { 'content-type': 'application/json' };

/** People with fewer rights than the administrator, by the role that they have in the namespace. */
const PEOPLE: Readonly<Record<string, { kind: 'ClusterRole' | 'Role'; name: string }>> = {
  viewer: { kind: 'ClusterRole', name: 'view' },
  editor: { kind: 'ClusterRole', name: 'edit' },
  manager: { kind: 'ClusterRole', name: 'admin' },
  reader: { kind: 'Role', name: 'reader' },
};

const READER_RULES = [
  { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'update'], resourceNames: ['a'] },
  { apiGroups: [''], resources: ['pods', 'pods/status'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], verbs: ['*'] },
];

function post(api: ApiConnection, path: string, value: unknown): Promise<Answer> {
  return api.send({ method: 'POST', path, headers: JSON_TYPE, body: JSON.stringify(value) });
}

function get(api: ApiConnection, path: string): Promise<Answer> {
  return api.send({ method: 'GET', path, headers: {}, body: undefined });
}

async function create(api: ApiConnection, path: string, value: unknown): Promise<void> {
  const answer = await post(api, path, value);
  const { code, body } = answer;
  if (isOutOfTime(answer))
    throw new WavetankError('DIFFER_OUT_OF_TIME', `POST ${path}: the server ran out of time`, {
      category: 'environment',
    });
  if (code !== 201) {
    const { message } = body as { message?: string };
    throw new WavetankError('DIFFER_SETUP_REFUSED', `POST ${path}: ${message ?? code}`, { category: 'environment' });
  }
}

/** The custom kind, once per server; it stays between runs and goes with `removeDefinition`. */
export async function ensureDefinition(api: ApiConnection, clock: Clock): Promise<void> {
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const found = await get(api, `${definitions}/${PROBE_DEFINITION.metadata.name}`);
  if (found.code === 404) await create(api, definitions, PROBE_DEFINITION);
  await waitUntil(
    'the custom kind to be served',
    async () => ((await get(api, '/apis/differ.example.com/v1/probes')).code === 200 ? true : undefined),
    { clock, timeoutMs: TIMEOUT_MS },
  );
}

export async function removeDefinition(api: ApiConnection): Promise<void> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${PROBE_DEFINITION.metadata.name}`;
  await api.send({ method: 'DELETE', path, headers: {}, body: undefined });
}

/** A namespace with what a real cluster puts into each, and with people who may do some things in it. */
export async function prepareNamespace(api: ApiConnection, clock: Clock, namespace: string): Promise<void> {
  await create(api, '/api/v1/namespaces', { metadata: { name: namespace } });
  const inside = `/api/v1/namespaces/${namespace}`;
  const roles = `/apis/${RBAC}/v1/namespaces/${namespace}`;
  await create(api, `${roles}/roles`, { metadata: { name: 'reader' }, rules: READER_RULES });
  const bindings = Object.entries(PEOPLE).map(([name, { kind, name: role }]) =>
    create(api, `${roles}/rolebindings`, {
      metadata: { name: `people-${name}` },
      roleRef: { apiGroup: RBAC, kind, name: role },
      subjects: [{ apiGroup: RBAC, kind: 'User', name }],
    }),
  );
  await Promise.all(bindings);
  const settled = async (): Promise<true | undefined> => {
    const account = await get(api, `${inside}/serviceaccounts/default`);
    const authority = await get(api, `${inside}/configmaps/kube-root-ca.crt`);
    if (account.code !== 200 || authority.code !== 200) return undefined;
    for (const person of Object.keys(PEOPLE)) if (!(await mayRead(api, namespace, person))) return undefined;
    return true;
  };
  await waitUntil(`namespace ${namespace} to be ready`, settled, { clock, timeoutMs: TIMEOUT_MS });
}

async function mayRead(api: ApiConnection, namespace: string, user: string): Promise<boolean> {
  const resourceAttributes = { namespace, verb: 'get', resource: 'pods' };
  const { body } = await post(api, '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    spec: { user, resourceAttributes },
  });
  return (body as { status?: { allowed?: boolean } }).status?.allowed === true;
}

/** Asks for the end of everything that a sequence made, `outside` of its namespace too; the namespace's own end is not waited for. */
export async function cleanNamespace(
  api: ApiConnection,
  namespace: string,
  used: ReadonlySet<string>,
  outside: readonly string[],
): Promise<void> {
  const remove = (path: string): Promise<Answer> => api.send({ method: 'DELETE', path, headers: {}, body: undefined });
  for (const { namespaced, onlyDryRuns, group, version, resource } of FUZZ_KINDS) {
    if (namespaced || onlyDryRuns || !used.has(resource)) continue;
    const root = group === '' ? '/api/v1' : `/apis/${group}/${version}`;
    await remove(`${root}/${resource}?labelSelector=sequence%3D${namespace}`);
  }
  // They may hold themselves, and may have lost the label that says whose they are.
  for (const path of outside) {
    const headers = { 'content-type': 'application/merge-patch+json' };
    await api.send({ method: 'PATCH', path, headers, body: '{"metadata":{"finalizers":null}}' });
    await remove(path);
  }
  await releaseHeld(api, namespace, used);
  await remove(`/api/v1/namespaces/${namespace}`);
}

/** Finalizers that the requests put on objects would hold the namespace for ever. */
async function releaseHeld(api: ApiConnection, namespace: string, used: ReadonlySet<string>): Promise<void> {
  for (const { namespaced, group, version, resource } of FUZZ_KINDS) {
    if (!namespaced || !used.has(resource)) continue;
    const collection = `${group === '' ? '/api/v1' : `/apis/${group}/${version}`}/namespaces/${namespace}/${resource}`;
    const { body } = await get(api, collection);
    const { items = [] } = body as { items?: { metadata: { name: string; finalizers?: string[] } }[] };
    for (const { metadata } of items) {
      const path = `${collection}/${metadata.name}`;
      if (metadata.finalizers !== undefined) {
        const headers = { 'content-type': 'application/merge-patch+json' };
        await api.send({ method: 'PATCH', path, headers, body: '{"metadata":{"finalizers":null}}' });
      }
      if (resource === 'pods')
        await api.send({ method: 'DELETE', path: `${path}?gracePeriodSeconds=0`, headers: {}, body: undefined });
    }
  }
}

/** The classes of the real cluster, the default one above all, which both then give to claims that name none. */
export async function copyStorageClasses(from: ApiConnection, to: ApiConnection): Promise<void> {
  const path = '/apis/storage.k8s.io/v1/storageclasses';
  const { body } = await get(from, path);
  const { items = [] } = body as { items?: { metadata: { name: string; annotations?: Record<string, string> } }[] };
  for (const { metadata, ...rest } of items) {
    const { name, annotations = {} } = metadata;
    await create(to, path, { ...rest, metadata: { name, annotations } });
  }
}

/** What it says that it is. */
export async function versionOf(api: ApiConnection): Promise<string> {
  const { body } = await get(api, '/version');
  return (body as { gitVersion?: string }).gitVersion ?? 'of no version';
}
