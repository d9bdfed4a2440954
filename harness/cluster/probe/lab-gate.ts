import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { randomHex } from '../../../core/entropy.ts';
import type { Logger } from '../../../core/log.ts';
import type { RunningResource } from '../../../core/resource.ts';
import { runningResource } from '../../../core/resource.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { LABELS, MANAGED_BY } from '../../../engine/api/names.ts';
import { applyObject } from '../../../engine/deploy/install.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { NAMESPACES, PODS } from '../../../engine/kubernetes/objects.ts';
import { followCanary } from '../../../engine/operator-engine/gate/canary-gate.ts';
import { CANARY_POD, CANARY_PORT, canaryPod, controlPod } from '../../../engine/operator-engine/gate/canary-pods.ts';
import type { Gate } from '../../../engine/operator-engine/settings.ts';
import { untilPod } from './until-pod.ts';

/** Not the jobs' own: what lies there, policies included, is no matter of the engine's. */
export const CANARY_NAMESPACE = 'wavetank-canary';
const START_MS = 60_000;

export interface LabGateOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  readonly podsImage: string;
  readonly podsCommand: (script: 'canary' | 'control') => readonly string[];
  readonly podUser: { readonly uid: number; readonly gid: number };
  /** Where they live. Default `wavetank-canary`. */
  readonly namespace?: string;
  /** Of the namespace, besides our own. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Default `Never`: the image was loaded. */
  readonly imagePullPolicy?: 'Never' | 'IfNotPresent';
  readonly signal?: AbortSignal | undefined;
}

export interface RunningLabGate extends RunningResource {
  readonly gate: Gate & { readonly mode: 'probe' };
  readonly canaryIp: string;
  readonly canaryPort: number;
}

/**
 * Brings a canary and its control up, and follows both. Resolves when the control reaches the canary.
 * @throws WavetankError WAIT_TIMEOUT; Error naming the pod that did not start
 */
export async function startLabGate(options: LabGateOptions): Promise<RunningLabGate> {
  const { client, clock, entropy, log, signal, imagePullPolicy = 'Never', ...rest } = options;
  const { namespace = CANARY_NAMESPACE } = options;
  const labels = {
    ...options.labels,
    [LABELS.managedBy]: MANAGED_BY,
    'pod-security.kubernetes.io/enforce': 'restricted',
  };
  await applyObject(client, NAMESPACES, { metadata: { name: namespace, labels } });
  const greeting = `control ${randomHex(entropy, 16)}`;
  const settings = { ...rest, namespace, imagePullPolicy };
  await client.create(PODS, canaryPod(settings, greeting));
  const canary = await untilPod({ name: CANARY_POD, namespace }, ({ status }) => Boolean(status?.podIP), {
    client,
    clock,
    timeoutMs: START_MS,
    signal,
  });
  const canaryIp = canary.status?.podIP ?? '';
  const target = `${canaryIp}:${CANARY_PORT}`;
  await client.create(PODS, controlPod(settings, [target], greeting));
  const control = followCanary({ client, seams: { clock, entropy, log }, namespace });
  try {
    await waitUntil('the control to reach the canary', () => control.isGreen() || undefined, {
      clock,
      timeoutMs: START_MS,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    await control.stop();
    throw error;
  }
  const facts = { gate: { mode: 'probe', targets: [target], control } as const, canaryIp, canaryPort: CANARY_PORT };
  return runningResource(facts, () => control.stop());
}
