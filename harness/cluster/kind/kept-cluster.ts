import type { Clock } from '../../../core/clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { LABELS, MANAGED_BY, WORKFLOWS } from '../../../engine/api/names.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { isNotFound } from '../../../engine/kubernetes/kube-error.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import { NAMESPACES, PODS } from '../../../engine/kubernetes/objects.ts';

const GONE_MS = 90_000;
/** What we put finalizers on. */
const HELD: readonly Resource[] = [PODS, WORKFLOWS];

/** Deletes every namespace of ours with what is in it. What held itself with our finalizers is let go: nobody is left to look after it. */
export async function emptyCluster(client: KubeClient): Promise<void> {
  const labelSelector = `${LABELS.managedBy}=${MANAGED_BY}`;
  const { items } = await client.list(NAMESPACES, { labelSelector });
  await Promise.all(items.map(({ metadata }) => emptyNamespace(client, metadata.name)));
}

/** Resolves when no namespace of ours is left. @throws WavetankError WAIT_TIMEOUT */
export async function untilEmpty(client: KubeClient, clock: Clock): Promise<void> {
  const labelSelector = `${LABELS.managedBy}=${MANAGED_BY}`;
  await waitUntil(
    'the namespaces of the last run to go',
    async () => {
      const { items } = await client.list(NAMESPACES, { labelSelector });
      // A pod may have come under its finalizer while its namespace was already going, and an operator in the cluster holds its jobs until it goes itself.
      const held = items.flatMap(({ metadata }) => HELD.map((resource) => ({ resource, namespace: metadata.name })));
      await Promise.all(held.map(({ resource, namespace }) => releaseAll(client, resource, namespace)));
      return items.length === 0 ? true : undefined;
    },
    { clock, timeoutMs: GONE_MS, intervalMs: 250 },
  );
}

async function emptyNamespace(client: KubeClient, namespace: string): Promise<void> {
  await client.delete(NAMESPACES, { name: namespace }).catch(unlessGone);
  await Promise.all(HELD.map((resource) => releaseAll(client, resource, namespace)));
}

async function releaseAll(client: KubeClient, resource: Resource, namespace: string): Promise<void> {
  const found = await client.list<KubeObject>(resource, { namespace }).catch(unlessGone);
  const held = found?.items.filter(({ metadata }) => metadata.finalizers?.length) ?? [];
  await Promise.all(
    held.map(({ metadata }) =>
      client
        .mergePatch(resource, { name: metadata.name, namespace }, { metadata: { finalizers: null } })
        .catch(unlessGone),
    ),
  );
}

function unlessGone(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
  return undefined;
}
