import type { Clock } from '../../../core/clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import {
  COMPUTE_ENVIRONMENTS,
  FINALIZERS,
  LABELS,
  LEADER_LEASE,
  MANAGED_BY,
  WORKFLOWS,
} from '../../../engine/api/names.ts';
import type { RoleBinding } from '../../../engine/deploy/rbac.ts';
import { CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS } from '../../../engine/deploy/rbac.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { isConflict, isNotFound } from '../../../engine/kubernetes/kube-error.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import {
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  LEASES,
  NAMESPACES,
  NETWORK_POLICIES,
  PODS,
  SECRETS,
  SERVICE_ACCOUNTS,
  VOLUME_CLAIMS,
} from '../../../engine/kubernetes/objects.ts';
import { TESTBED_LABEL } from './ownership.ts';

const GONE_MS = 60_000;
const OURS = `${LABELS.managedBy}=${MANAGED_BY}`;

/** Everything that a testbed makes in a namespace of jobs. Accounts and rights go last: who is at work ends on his own. */
export const KINDS_OF_A_NAMESPACE: readonly Resource[] = [
  WORKFLOWS,
  COMPUTE_ENVIRONMENTS,
  PODS,
  VOLUME_CLAIMS,
  SECRETS,
  CONFIG_MAPS,
  LEASES,
  NETWORK_POLICIES,
  ROLE_BINDINGS,
  ROLES,
  SERVICE_ACCOUNTS,
];

export interface RemovedFromCluster {
  /** Names of testbeds. */
  readonly testbeds: readonly string[];
  /** `kind name` or `kind namespace/name`; of a namespace that goes, nothing that was in it. */
  readonly objects: readonly string[];
  /** What stays, with the reason. */
  readonly kept: readonly string[];
}

/**
 * Removes what testbeds made in a cluster, and nothing else: their own namespaces with all that is in them; in a namespace that was there
 * before just what is theirs; definitions and the cluster role only when nobody uses them any more.
 * @param instance absent: of every testbed, whoever started it
 * @throws KubeError, WavetankError WAIT_TIMEOUT where a namespace does not go
 */
export async function removeTestbeds(
  { client, clock }: { readonly client: KubeClient; readonly clock: Clock },
  instance?: string,
): Promise<RemovedFromCluster> {
  const selector = instance === undefined ? TESTBED_LABEL : `${TESTBED_LABEL}=${instance}`;
  const remover = new Remover(client);
  const own = await remover.list(NAMESPACES, { labelSelector: selector });
  const markers = await remover.list(CONFIG_MAPS, { labelSelector: selector });
  const names = own.map(({ metadata }) => metadata.name);
  const guestOf = markers.filter(({ metadata }) => !names.includes(metadata.namespace ?? ''));
  for (const namespace of names) {
    await remover.releaseAll(namespace);
    await remover.delete(NAMESPACES, { metadata: { name: namespace } });
  }
  for (const marker of guestOf) await remover.emptyNamespace(marker.metadata.namespace ?? '');
  for (const marker of guestOf) await remover.delete(CONFIG_MAPS, marker);
  const bindings = await remover.list(CLUSTER_ROLE_BINDINGS, { labelSelector: selector });
  for (const binding of bindings) await remover.delete(CLUSTER_ROLE_BINDINGS, binding);
  const kept = await remover.removeShared(names);
  await waitUntil('the namespaces to go', async () => ((await remover.areGone(names)) ? true : undefined), {
    clock,
    timeoutMs: GONE_MS,
    intervalMs: 250,
  });
  const labelled = [...own, ...markers, ...bindings];
  const testbeds = labelled.flatMap(({ metadata }) => metadata.labels?.[TESTBED_LABEL] ?? []);
  return { testbeds: [...new Set(testbeds)], objects: remover.removed, kept };
}

class Remover {
  readonly removed: string[] = [];
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Empty for a kind that the cluster does not know. */
  async list<T extends KubeObject>(
    resource: Resource,
    options: { namespace?: string; labelSelector?: string },
  ): Promise<T[]> {
    const items: T[] = [];
    let next: string | undefined;
    do {
      try {
        const page = await this.#client.list<T>(resource, {
          ...options,
          limit: 500,
          ...(next ? { continue: next } : {}),
        });
        items.push(...page.items);
        next = page.metadata.continue;
      } catch (error) {
        if (isNotFound(error)) return items;
        throw error;
      }
    } while (next);
    return items;
  }

  async delete(resource: Resource, { metadata }: KubeObject): Promise<void> {
    const { name, namespace, uid } = metadata;
    try {
      await this.#client.delete(resource, { name, namespace }, { propagationPolicy: 'Background', uid });
      this.removed.push(`${resource.resource} ${namespace === undefined ? name : `${namespace}/${name}`}`);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  /** Our finalizers wait for an engine, and there is none any more. */
  async releaseAll(namespace: string, labelSelector?: string): Promise<void> {
    const ours: readonly string[] = Object.values(FINALIZERS);
    for (const resource of [WORKFLOWS, PODS]) {
      const found = await this.list(resource, { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) });
      for (const { metadata } of found) {
        if (!metadata.finalizers?.some((one) => ours.includes(one))) continue;
        const finalizers = metadata.finalizers.filter((one) => !ours.includes(one));
        await this.#client.mergePatch(resource, metadata, { metadata: { finalizers } }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
    }
  }

  /** In a namespace of somebody's: just what carries our label. That nobody else's did was looked at before. */
  async emptyNamespace(namespace: string): Promise<void> {
    await this.releaseAll(namespace, OURS);
    for (const resource of KINDS_OF_A_NAMESPACE) {
      const found = await this.list(resource, { namespace, labelSelector: OURS });
      for (const object of found) {
        // The marker tells where to look, so it goes when all else has gone.
        if (object.metadata.labels?.[TESTBED_LABEL] !== undefined && resource === CONFIG_MAPS) continue;
        await this.delete(resource, object);
      }
    }
    await this.delete(LEASES, { metadata: { name: LEADER_LEASE, namespace } });
  }

  /** @returns what stays, with the reason. @param ours namespaces that are going */
  async removeShared(ours: readonly string[]): Promise<string[]> {
    const [definitions, roles] = await Promise.all([
      this.list(CUSTOM_RESOURCE_DEFINITIONS, { labelSelector: TESTBED_LABEL }),
      this.list(CLUSTER_ROLES, { labelSelector: TESTBED_LABEL }),
    ]);
    if (definitions.length + roles.length === 0) return [];
    const user = await this.#userOfKinds(ours);
    const kept: string[] = [];
    if (user === undefined) for (const one of definitions) await this.delete(CUSTOM_RESOURCE_DEFINITIONS, one);
    else if (definitions.length > 0) kept.push(`the definitions of WorkFlow and ComputeEnvironment: ${user} uses them`);
    const bindings = roles.length === 0 ? [] : await this.list<RoleBinding>(CLUSTER_ROLE_BINDINGS, {});
    for (const role of roles) {
      const binding = bindings.find(
        ({ roleRef }) => roleRef.kind === 'ClusterRole' && roleRef.name === role.metadata.name,
      );
      if (binding === undefined) await this.delete(CLUSTER_ROLES, role);
      else kept.push(`the cluster role ${role.metadata.name}: ${binding.metadata.name} binds it`);
    }
    return kept;
  }

  /** Somebody besides us: a namespace with objects of our kinds, or another testbed. */
  async #userOfKinds(ours: readonly string[]): Promise<string | undefined> {
    const [objects, testbeds, markers] = await Promise.all([
      Promise.all([WORKFLOWS, COMPUTE_ENVIRONMENTS].map((resource) => this.list(resource, {}))),
      this.list(NAMESPACES, { labelSelector: TESTBED_LABEL }),
      this.list(CONFIG_MAPS, { labelSelector: TESTBED_LABEL }),
    ]);
    const places = [
      ...[...objects.flat(), ...markers].map(({ metadata }) => metadata.namespace ?? ''),
      ...testbeds.map(({ metadata }) => metadata.name),
    ];
    const other = places.find((place) => !ours.includes(place));
    return other === undefined ? undefined : `namespace ${other}`;
  }

  async areGone(names: readonly string[]): Promise<boolean> {
    const found = await Promise.all(names.map((name) => this.#client.find(NAMESPACES, { name })));
    return found.every((one) => one === undefined);
  }
}
