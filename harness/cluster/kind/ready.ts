import type { Clock } from '../../../core/clock.ts';
import { WavetankError, isWavetankError, messageOf } from '../../../core/errors.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import { SERVICE_ACCOUNTS, STORAGE_CLASSES } from '../../../engine/kubernetes/objects.ts';

const NODES: Resource = { group: '', version: 'v1', resource: 'nodes', kind: 'Node', isClusterScoped: true };
const READY_MS = 120_000;

interface Node extends KubeObject {
  readonly spec?: { readonly taints?: readonly { readonly key: string; readonly effect: string }[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/**
 * Waits until a pod with a volume could be scheduled: the API answers, the node is ready and lets pods in, a storage class is there,
 * and service accounts are given out.
 * @throws WavetankError CLUSTER_NOT_READY (environment), with what was missing
 */
export async function untilReady(
  client: KubeClient,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  let missing = 'its API does not answer';
  try {
    await waitUntil(
      'the cluster',
      async () => {
        const what = await whatIsMissing(client);
        missing = what ?? '';
        return what === undefined ? true : undefined;
      },
      { clock, signal, timeoutMs: READY_MS, intervalMs: 150 },
    );
  } catch (error) {
    if (!isWavetankError(error, 'WAIT_TIMEOUT')) throw error;
    throw new WavetankError('CLUSTER_NOT_READY', `The cluster was not ready after ${READY_MS / 1000} s: ${missing}.`, {
      category: 'environment',
      cause: error,
    });
  }
}

async function whatIsMissing(client: KubeClient): Promise<string | undefined> {
  try {
    const nodes = (await client.list<Node>(NODES)).items;
    if (nodes.length === 0) return 'there is no node';
    const unready = nodes.find((node) => !isReady(node));
    if (unready !== undefined) return `the node ${unready.metadata.name} takes no pods`;
    if ((await client.list(STORAGE_CLASSES)).items.length === 0) return 'there is no storage class';
    const account = await client.find(SERVICE_ACCOUNTS, { namespace: 'default', name: 'default' });
    return account === undefined ? 'service accounts are not given out' : undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function isReady({ spec, status }: Node): boolean {
  const isOpen = spec?.taints?.every(({ effect }) => effect === 'PreferNoSchedule') ?? true;
  return (
    isOpen && (status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false)
  );
}
