import type { KubeClient } from '../kubernetes/client.ts';
import { isAlreadyExists } from '../kubernetes/kube-error.ts';
import { NETWORK_POLICIES } from '../kubernetes/objects.ts';
import type { ObjectCache } from '../kubernetes/object-cache.ts';
import type { NetworkPolicy } from '../kubernetes/pod-types.ts';
import type { PolicySettings } from './manifests/network-policies.ts';
import { networkPolicies } from './manifests/network-policies.ts';

/**
 * Makes the standing policies what they must be: creates what is missing and sets right what somebody changed. The whole
 * `spec` is replaced (a merge would keep what was added to it).
 */
export async function ensurePolicies(
  client: KubeClient,
  settings: PolicySettings,
  cache?: ObjectCache<NetworkPolicy>,
): Promise<void> {
  for (const wanted of networkPolicies(settings)) {
    const ref = wanted.metadata;
    const current =
      cache?.get(`${ref.namespace}/${ref.name}`) ?? (await client.find<NetworkPolicy>(NETWORK_POLICIES, ref));
    if (current !== undefined && isSame(current, wanted)) continue;
    const written = current === undefined ? await create(client, wanted) : await replace(client, wanted);
    if (written !== undefined) cache?.put(written);
  }
}

export function isSame(current: NetworkPolicy, wanted: NetworkPolicy): boolean {
  return canonical(current.spec) === canonical(wanted.spec);
}

async function create(client: KubeClient, wanted: NetworkPolicy): Promise<NetworkPolicy | undefined> {
  try {
    return await client.create(NETWORK_POLICIES, wanted);
  } catch (error) {
    // Another engine was quicker; the watch tells whether it made the same.
    if (isAlreadyExists(error)) return undefined;
    throw error;
  }
}

function replace(client: KubeClient, wanted: NetworkPolicy): Promise<NetworkPolicy> {
  return client.jsonPatch<NetworkPolicy>(NETWORK_POLICIES, wanted.metadata, [
    { op: 'add', path: '/spec', value: wanted.spec },
  ]);
}

/** Independent of the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
