import { WavetankError } from '../../core/errors.ts';
import { COMPUTE_ENVIRONMENTS, LABELS, MANAGED_BY } from '../api/names.ts';
import type { ComputeEnvironmentSpec } from '../api/workflow.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kubernetes/kube-error.ts';
import type { KubeObject, Resource } from '../kubernetes/objects.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES, SERVICE_ACCOUNTS } from '../kubernetes/objects.ts';
import type { CustomResourceDefinition } from './crds.ts';
import { definitions } from './crds.ts';
import * as rbac from './rbac.ts';
import type { Manifest } from './manifest.ts';

export interface InstallOptions {
  /** Of the jobs. */
  readonly namespace: string;
  /** Where the service accounts are and the operator runs. Default: with the jobs. */
  readonly operatorNamespace?: string;
  /** Environments by name, which is their id for consumers. */
  readonly environments?: Readonly<Record<string, ComputeEnvironmentSpec>>;
  /** Default true; false where the embedding cluster has no RBAC to fill. */
  readonly withRbac?: boolean;
  /** On everything that is applied, besides our own. */
  readonly labels?: Readonly<Record<string, string>>;
  /** For a cluster of somebody else's: definitions, namespaces and cluster roles that are there stay as they are. */
  readonly sharedStay?: boolean;
}

/** What others may use too. */
const SHARED: ReadonlySet<Resource> = new Set([CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES, rbac.CLUSTER_ROLES]);

const labels = { [LABELS.managedBy]: MANAGED_BY };

/** Everything but the environments, in the order in which it is applied. Also what an export to YAML prints. */
export function manifestsOf({ namespace, operatorNamespace = namespace, withRbac = true }: InstallOptions): Manifest[] {
  const accounts = rbac.COMPONENTS.map((name) => ({
    resource: SERVICE_ACCOUNTS,
    object: { metadata: { name, namespace: operatorNamespace, labels }, automountServiceAccountToken: true },
  }));
  const roles = rbac.COMPONENTS.map((name) => ({ resource: rbac.ROLES, object: rbac.roleOf(name, namespace) }));
  const bindings = rbac.COMPONENTS.map((name) => ({
    resource: rbac.ROLE_BINDINGS,
    object: rbac.roleBindingOf(name, namespace, operatorNamespace),
  }));
  const storage = [
    { resource: rbac.CLUSTER_ROLES, object: rbac.storageReader },
    { resource: rbac.CLUSTER_ROLE_BINDINGS, object: rbac.storageReaderBinding(namespace, operatorNamespace) },
  ];
  return [
    ...definitions.map((object) => ({ resource: CUSTOM_RESOURCE_DEFINITIONS, object })),
    ...[...new Set([namespace, operatorNamespace])].map((name) => ({
      resource: NAMESPACES,
      object: namespaceOf(name),
    })),
    ...(withRbac ? [...accounts, ...roles, ...bindings, ...storage] : []),
  ];
}

/** The cluster itself refuses pods that ask for more than our own do. */
export function namespaceOf(name: string): KubeObject {
  const levels = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']);
  return { metadata: { name, labels: { ...labels, ...(Object.fromEntries(levels) as Record<string, string>) } } };
}

/**
 * Creates what is missing and sets right what differs; run again, it changes nothing. Resolves when the API serves our kinds.
 * Needs the rights of a cluster administrator; the parts themselves do not.
 * @throws KubeError, WavetankError CRD_NOT_SERVED
 */
export async function installOperator(client: KubeClient, options: InstallOptions): Promise<void> {
  const manifests = manifestsOf(options);
  const apply = async (resource: Resource, object: KubeObject): Promise<void> => {
    const { metadata } = object;
    const labelled = { ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...options.labels } } };
    const isThere =
      options.sharedStay &&
      SHARED.has(resource) &&
      (await client.find(resource, { name: metadata.name })) !== undefined;
    if (!isThere) await applyObject(client, resource, labelled);
  };
  const isDefinition = ({ resource }: Manifest): boolean => resource.group === CUSTOM_RESOURCE_DEFINITIONS.group;
  await Promise.all(manifests.filter(isDefinition).map((one) => apply(one.resource, one.object)));
  for (const { resource, object } of manifests.filter((one) => !isDefinition(one))) await apply(resource, object);
  await Promise.all(definitions.map((one) => established(client, one.metadata.name)));
  for (const [name, spec] of Object.entries(options.environments ?? {})) {
    await apply(COMPUTE_ENVIRONMENTS, {
      metadata: { name, namespace: options.namespace, labels },
      spec,
    } as KubeObject);
  }
}

/** Create, else merge: no server-side apply, which not every cluster of ours speaks. */
export async function applyObject<T extends KubeObject>(client: KubeClient, resource: Resource, object: T): Promise<T> {
  const { name, namespace } = object.metadata;
  try {
    return await client.create<T>(resource, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return client.mergePatch<T>(resource, { name, namespace }, object);
  }
}

interface WithConditions extends CustomResourceDefinition {
  status?: { conditions?: { type: string; status: string; message?: string }[] };
}

/** A watch and no poll: the API server says when it serves a new kind. */
async function established(client: KubeClient, name: string): Promise<void> {
  const isServed = (object: WithConditions): boolean =>
    object.status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True') ?? false;
  const current = await client.get<WithConditions>(CUSTOM_RESOURCE_DEFINITIONS, { name });
  if (isServed(current)) return;
  const events = client.watch<WithConditions>(CUSTOM_RESOURCE_DEFINITIONS, {
    fieldSelector: `metadata.name=${name}`,
    timeoutSeconds: 30,
    ...(current.metadata.resourceVersion ? { resourceVersion: current.metadata.resourceVersion } : {}),
  });
  for await (const event of events) if (event.type !== 'BOOKMARK' && isServed(event.object)) return;
  throw new WavetankError('CRD_NOT_SERVED', `The cluster does not serve ${name}.`, { category: 'environment' });
}

/** Removes what `installOperator` made in the namespace, and the namespace; definitions stay, others may use them. */
export async function uninstallOperator(client: KubeClient, namespace: string): Promise<void> {
  const away = [
    client.delete(rbac.CLUSTER_ROLE_BINDINGS, { name: rbac.storageReaderBinding(namespace, namespace).metadata.name }),
    client.delete(NAMESPACES, { name: namespace }),
  ];
  for (const result of await Promise.allSettled(away)) {
    if (result.status === 'rejected' && !isNotFound(result.reason) && !isConflict(result.reason)) throw result.reason;
  }
}
