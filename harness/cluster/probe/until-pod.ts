import type { Clock } from '../../../core/clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { KubeClient, ObjectRef } from '../../../engine/kubernetes/client.ts';
import { PODS } from '../../../engine/kubernetes/objects.ts';
import type { Pod } from '../../../engine/kubernetes/pod-types.ts';

export interface UntilOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws WavetankError WAIT_TIMEOUT, naming the pod and what it waits for */
export async function untilPod(
  ref: ObjectRef,
  isThere: (pod: Pod) => boolean,
  { client, clock, timeoutMs, signal }: UntilOptions,
): Promise<Pod> {
  let state = '';
  const look = async (): Promise<Pod | undefined> => {
    const pod = await client.find<Pod>(PODS, ref);
    state = pod === undefined ? 'not there' : stateOf(pod);
    return pod !== undefined && isThere(pod) ? pod : undefined;
  };
  const waiting = { clock, timeoutMs, intervalMs: 100, ...(signal === undefined ? {} : { signal }) };
  return waitUntil(`the pod ${ref.name}`, look, waiting).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new Error(`the pod ${ref.name} is ${state}`, { cause: error });
  });
}

export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function stateOf({ status }: Pod): string {
  const waiting = status?.containerStatuses?.map(({ state }) => state?.waiting).find((one) => one !== undefined);
  const unscheduled = status?.conditions?.find(
    ({ type, status: value }) => type === 'PodScheduled' && value === 'False',
  );
  const why = waiting?.message ?? waiting?.reason ?? unscheduled?.message ?? status?.message;
  return `${status?.phase ?? 'new'}${why ? `: ${why}` : ''}`;
}
