import type { Clock } from '../../../core/clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { LABELS, MANAGED_BY, WORKFLOWS } from '../../../engine/api/names.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { isNotFound } from '../../../engine/kubernetes/kube-error.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import { NAMESPACES, PODS } from '../../../engine/kubernetes/objects.ts';

const GONE_MS = 90_000;

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
      // A pod may have come under its finalizer while its namespace was already going.
      await Promise.all(items.map(({ metadata }) => releaseAll(client, PODS, metadata.name)));
      return items.length === 0 ? true : undefined;
    },
    { clock, timeoutMs: GONE_MS, intervalMs: 250 },
  );
}

async function emptyNamespace(client: KubeClient, namespace: string): Promise<void> {
  await client.delete(NAMESPACES, { name: namespace }).catch(unlessGone);
  await Promise.all([PODS, WORKFLOWS].map((resource) => releaseAll(client, resource, namespace)));
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
