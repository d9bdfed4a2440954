import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import { randomHex } from '../../core/entropy.ts';
import type { Logger } from '../../core/log.ts';
import { waitUntil } from '../../core/wait-until.ts';
import { LABELS, MANAGED_BY } from '../../engine/api/names.ts';
import type { KubeClient, ObjectRef } from '../../engine/kubernetes/client.ts';
import { PODS, compareVersions } from '../../engine/kubernetes/objects.ts';
import type { KubeObject } from '../../engine/kubernetes/objects.ts';
import { startReflector } from '../../engine/kubernetes/reflector.ts';
import type { PodObservation } from './lab-cluster.ts';

const MARK = 'oceanprotocol.com/seen';
const CAUGHT_UP_MS = 20_000;
/** In a cluster with others, theirs are none of our business. */
const OURS = `${LABELS.managedBy}=${MANAGED_BY}`;

export interface ObservePodsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  /** A pod that may be written to: its change in the same watch tells that everything before it has come. */
  readonly marker: ObjectRef;
}

/** Tells every version of every pod of ours in a cluster that is watched over its API. */
export async function observePods(
  { client, clock, entropy, log, marker }: ObservePodsOptions,
  onPod: (pod: KubeObject) => void,
): Promise<PodObservation> {
  const reflector = startReflector<KubeObject>({
    client,
    seams: { clock, entropy, log },
    resource: PODS,
    labelSelector: OURS,
  });
  reflector.cache.onChange((_key, pod, previous) => {
    const seen = pod ?? previous;
    if (seen !== undefined) onPod(seen);
  });
  await reflector.synced;
  const key = `${marker.namespace}/${marker.name}`;
  return {
    async caughtUp() {
      const word = randomHex(entropy, 8);
      const made = await client.mergePatch(PODS, marker, { metadata: { annotations: { [MARK]: word } } });
      // By version and not by word: whoever asks at the same time writes another one over it.
      const isSeen = (): true | undefined => {
        const seen = reflector.cache.get(key)?.metadata.resourceVersion;
        return (compareVersions(seen, made.metadata.resourceVersion) ?? -1) >= 0 ? true : undefined;
      };
      await waitUntil('the watch to catch up', isSeen, { clock, timeoutMs: CAUGHT_UP_MS, intervalMs: 5 });
    },
    stop: () => void reflector.stop(),
  };
}
