import { WavetankError } from '../../../core/errors.ts';
import { LABELS, LEADER_LEASE, MANAGED_BY } from '../../../engine/api/names.ts';
import { COMPONENTS, ROLES, ROLE_BINDINGS } from '../../../engine/deploy/rbac.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { isNotFound } from '../../../engine/kubernetes/kube-error.ts';
import type { Resource } from '../../../engine/kubernetes/objects.ts';
import { CONFIG_MAPS, LEASES, NAMESPACES, SERVICE_ACCOUNTS } from '../../../engine/kubernetes/objects.ts';
import type { TestbedNamespaces } from './ownership.ts';
import { MARKER, testbedLabels } from './ownership.ts';
import { KINDS_OF_A_NAMESPACE } from './remove-testbeds.ts';

/**
 * That nothing of anybody's is where the testbed is to be: what it makes has fixed names, and what carries our label there is removed at its end.
 * @throws WavetankError NAMESPACE_EXISTS, NAMESPACE_IN_USE (environment)
 */
export async function requireFreePlace(
  client: KubeClient,
  namespaces: TestbedNamespaces,
  isGiven: boolean,
): Promise<void> {
  const { jobs, canary, probe } = namespaces;
  for (const name of isGiven ? [canary, probe] : [jobs, canary, probe]) {
    if ((await client.find(NAMESPACES, { name })) === undefined) continue;
    throw new WavetankError('NAMESPACE_EXISTS', `The namespace ${name} is there already.`, {
      category: 'environment',
      hint: 'Another testbed may use it; `wavetank down --kubeconfig FILE` removes what testbeds have left.',
    });
  }
  if (!isGiven) return;
  const taken = (await Promise.all([...KINDS_OF_A_NAMESPACE].map((kind) => labelledIn(client, kind, jobs)))).flat();
  for (const [kind, name] of ourNames()) {
    if ((await client.find(kind, { name, namespace: jobs })) !== undefined) taken.push(`${kind.kind} ${name}`);
  }
  if (taken.length === 0) return;
  throw new WavetankError('NAMESPACE_IN_USE', `An operator or a testbed is in the namespace ${jobs}: ${taken[0]}.`, {
    category: 'environment',
    hint: 'Name another one, or leave out --namespace. `wavetank down --kubeconfig FILE` removes what testbeds have left.',
    details: { taken: [...new Set(taken)].slice(0, 20) },
  });
}

function ourNames(): (readonly [Resource, string])[] {
  const parts = COMPONENTS.flatMap((name) =>
    [SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS].map((kind) => [kind, name] as const),
  );
  return [...parts, [LEASES, LEADER_LEASE], [CONFIG_MAPS, MARKER]];
}

async function labelledIn(client: KubeClient, kind: Resource, namespace: string): Promise<string[]> {
  try {
    const labelSelector = `${LABELS.managedBy}=${MANAGED_BY}`;
    const { items } = await client.list(kind, { namespace, labelSelector });
    return items.map(({ metadata }) => `${kind.kind} ${metadata.name}`);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** Says whose the place is, before anything else is in it. */
export async function takePlace(client: KubeClient, { jobs }: TestbedNamespaces, instance: string): Promise<void> {
  const labels = testbedLabels(instance);
  if ((await client.find(NAMESPACES, { name: jobs })) === undefined) {
    const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await client.create(NAMESPACES, { metadata: { name: jobs, labels: { ...labels, ...restricted } } });
  } else await client.create(CONFIG_MAPS, { metadata: { name: MARKER, namespace: jobs, labels: { ...labels } } });
}
