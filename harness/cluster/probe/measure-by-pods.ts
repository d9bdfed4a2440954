import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { isNotFound } from '../../../engine/kubernetes/kube-error.ts';
import { NAMESPACES, NETWORK_POLICIES, PODS, VOLUME_CLAIMS } from '../../../engine/kubernetes/objects.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import type { Pod } from '../../../engine/kubernetes/pod-types.ts';
import { applyObject } from '../../../engine/deploy/install.ts';
import type { ClusterCapabilities } from '../cluster.ts';
import type { Findings } from './findings.ts';
import { judge, triedSchema } from './findings.ts';
import type { ProbeSettings } from './probe-pods.ts';
import * as pods from './probe-pods.ts';
import { hasEnded, untilPod } from './until-pod.ts';

export interface MeasureOptions extends ProbeSettings {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** From creation to the end of one probe pod, image and volume included; a node that is busy takes its time. */
const PROBE_MS = 180_000;

export interface Measured {
  readonly capabilities: ClusterCapabilities;
  /** Every probe pod answered: what does not hold was tried, and nothing counts as absent for want of an answer. */
  readonly isComplete: boolean;
}

/**
 * Tries in pods of the cluster, once each, what jobs must not be able to do, and says what held. Needs the rights to make a namespace and
 * pods, a volume and a policy in it; removes them again.
 */
export async function measureByPods(options: MeasureOptions): Promise<Measured> {
  const { client } = options;
  await applyObject(client, NAMESPACES, pods.probeNamespace(options));
  try {
    // The policy is there before any pod that it is about.
    await Promise.all([
      applyObject(client, NETWORK_POLICIES, pods.denyAll(options)),
      applyObject(client, VOLUME_CLAIMS, pods.probeVolume(options)),
    ]);
    const problems: Record<string, string> = {};
    const run = (name: string, pod: Pod): Promise<Ended | undefined> =>
      runPod(options, pod).catch((error: unknown) => {
        options.signal?.throwIfAborted();
        problems[name] = messageOf(error);
        return undefined;
      });
    const [restricted, control, limits, pids] = await Promise.all([
      run('restricted', pods.restrictedPod(options)),
      run('control', pods.controlProbePod(options)),
      run('limits', pods.limitsPod(options)),
      run('pids', pods.pidsPod(options)),
    ]);
    const capabilities = judge(findingsOf({ restricted, control, limits, pids }, problems), pods.SIZES);
    return { capabilities, isComplete: Object.keys(problems).length === 0 };
  } finally {
    await removeProbes(options);
  }
}

interface Ended {
  readonly pod: Pod;
  /** By container. */
  readonly logs: Readonly<Record<string, string>>;
}

async function runPod({ client, clock, signal }: MeasureOptions, pod: Pod): Promise<Ended> {
  const ref = { name: pod.metadata.name, namespace: pod.metadata.namespace };
  await client.create(PODS, pod);
  const ended = await untilPod(ref, hasEnded, { client, clock, timeoutMs: PROBE_MS, signal });
  const logs = await Promise.all(
    pod.spec.containers.map(
      async ({ name }) => [name, await client.log(ref, { container: name, limitBytes: 65_536 })] as const,
    ),
  );
  return { pod: ended, logs: Object.fromEntries(logs) };
}

function findingsOf(
  ended: Readonly<Record<'restricted' | 'control' | 'limits' | 'pids', Ended | undefined>>,
  problems: Record<string, string>,
): Findings {
  const { restricted, control, limits, pids } = ended;
  const memory = limits?.pod.status?.containerStatuses?.find(({ name }) => name === 'memory')?.state?.terminated;
  const cpu = parsed(limits?.logs['cpu']);
  const tried = (name: string, one: Ended | undefined): Findings['control'] => {
    if (one === undefined) return undefined;
    const result = triedSchema.safeParse(parsed(one.logs['probe']));
    if (!result.success) problems[name] = (one.logs['probe'] ?? '').slice(0, 300) || 'it said nothing';
    return result.success ? result.data : undefined;
  };
  return {
    restricted: tried('restricted', restricted),
    control: tried('control', control),
    memory: {
      isOomKilled: memory?.reason === 'OOMKilled' || memory?.exitCode === 137,
      said: limits?.logs['memory'] ?? '',
    },
    throttledPeriods: cpu?.['throttledPeriods'] as number | null | undefined,
    pids: { startedAll: pids?.logs['pids']?.includes('all') ?? false, said: pids?.logs['pids'] ?? '' },
    problems,
  };
}

function parsed(text: string | undefined): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text?.trim() ?? '') as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** The namespace goes by itself once it is empty; nobody waits for that. */
async function removeProbes(options: MeasureOptions): Promise<void> {
  const { client } = options;
  const namespace = pods.namespaceOf(options);
  const gone = async (resource: Resource, name: string): Promise<void> => {
    await client.delete(resource, { name, namespace }, { gracePeriodSeconds: 0 }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  };
  const { items } = await client.list<KubeObject>(PODS, { namespace });
  await Promise.all(items.map(({ metadata }) => gone(PODS, metadata.name)));
  await gone(VOLUME_CLAIMS, pods.probeVolume(options).metadata.name);
  await client.delete(NAMESPACES, { name: namespace });
}
