import type { RunningResource } from '../../core/resource.ts';
import { ResourceStack, runningResource } from '../../core/resource.ts';
import type { Seams } from '../../core/seams.ts';
import { LABELS, objectNames } from '../api/names.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { WorkQueue } from '../kubernetes/work-queue.ts';
import { AdmissionQueue } from './admission-queue.ts';
import type { Caches } from './caches.ts';
import { BY_ENVIRONMENT, allOf, startCaches } from './caches.ts';
import { EventRecorder } from './event-recorder.ts';
import { startHeartbeat } from './heartbeat.ts';
import type { ObserveContext } from './observe.ts';
import type { ResolvedOptions } from './options.ts';
import { WorkflowReconciler } from './reconciler.ts';
import { millisecondsOf } from './pod-view.ts';
import { ensurePolicies } from './standing-policies.ts';

export interface ControllerOptions {
  readonly client: KubeClient;
  readonly seams: Seams;
  readonly options: ResolvedOptions;
  /** Gives a start up that is under way. */
  readonly over?: AbortSignal | undefined;
}

/** Everything that works on jobs, from "leader now" to "leader no more". */
export async function startController({ client, seams, options, over }: ControllerOptions): Promise<RunningResource> {
  const stack = new ResourceStack();
  // What waits for a cluster that does not answer must not begin to work when it answers at last. How it stops is told below.
  const giveUp = (): void => void stack.stop().catch(() => undefined);
  over?.addEventListener('abort', giveUp, { once: true });
  try {
    const policySettings = {
      namespace: options.namespace,
      brokerEgress: options.brokerEgress,
      outward: options.outward,
    };
    await ensurePolicies(client, policySettings);
    over?.throwIfAborted();
    const caches = startCaches({ client, seams, namespace: options.namespace });
    for (const cache of allOf(caches)) stack.defer('reflector', () => cache.stop());
    const { queue, admission } = wire({ client, seams, options }, caches);
    stack.defer('work queue', () => queue.stop());
    caches.policies.cache.onChange(() => queue.add(POLICIES));
    await Promise.all(allOf(caches).map((cache) => cache.synced));
    over?.throwIfAborted();
    // Not before everything is known: an environment that is not in the cache yet would look like none.
    admission.open();
    queue.open();
    const { heartbeatSeconds, identity } = options;
    const environments = caches.environments.cache;
    const heartbeat = startHeartbeat({ client, seams, environments, identity, heartbeatSeconds });
    stack.defer('heartbeat', () => heartbeat.stop());
    return runningResource({}, () => stack.stop());
  } catch (error) {
    await stack.stop();
    throw error;
  } finally {
    over?.removeEventListener('abort', giveUp);
  }
}

/** A key of the queue that is no WorkFlow's: the standing network policies. */
const POLICIES = '*policies';

function wire(
  { client, seams, options }: ControllerOptions,
  caches: Caches,
): { queue: WorkQueue; admission: AdmissionQueue } {
  const admission = new AdmissionQueue(
    (environment) => caches.environments.cache.get(`${options.namespace}/${environment}`)?.spec.maxJobs,
    (key) => queue.add(key),
  );
  const reconciler = new WorkflowReconciler({
    observe: {
      client,
      caches,
      options,
      now: () => seams.clock.now(),
      isAdmitted: (key) => admission.isAdmitted(key),
      gate: gateView(options),
    },
    apply: { client, caches, seams, pods: options.pods },
    settings: { deadlines: options.deadlines, retentionSeconds: options.retentionSeconds },
    seams,
    events: new EventRecorder(client, seams, options.identity),
  });
  const queue = new WorkQueue({
    seams,
    name: 'workflows',
    concurrency: options.maxConcurrent,
    run: (key) =>
      key === POLICIES ? keepPolicies({ client, seams, options }, caches, queue) : reconciler.reconcile(key),
  });
  listen(caches, admission, queue);
  const { gate } = options.pods;
  if (gate.mode === 'probe') gate.control.onChange(() => lookAtAll(caches, queue));
  return { queue, admission };
}

/** Between the canary's node and the pod's, and a start is told in whole seconds. */
const CLOCK_DIFFERENCE_MS = 5000;

function gateView({ pods: { gate } }: ResolvedOptions): ObserveContext['gate'] {
  if (gate.mode === 'none') return { isControlGreen: () => true, isBreached: () => false };
  const { control } = gate;
  return {
    isControlGreen: () => control.isGreen(),
    isBreached: ({ ip, startedAt, gateGreeting }) => {
      const startedMs = millisecondsOf(startedAt);
      if (ip === undefined || startedMs === undefined || gateGreeting === undefined) return false;
      return control.hasSeen(ip, startedMs - CLOCK_DIFFERENCE_MS, gateGreeting);
    },
  };
}

function lookAtAll(caches: Caches, queue: WorkQueue): void {
  for (const { metadata, status } of caches.workflows.cache.list()) {
    if (status?.finishedAt === undefined) queue.add(`${metadata.namespace}/${metadata.name}`);
  }
}

/** Every change of anything of a job is one message: look at the job. */
function listen(caches: Caches, admission: AdmissionQueue, queue: WorkQueue): void {
  caches.workflows.cache.onChange((key, workflow) => {
    admission.update(key, workflow);
    queue.add(key);
  });
  const lookAtJob = (_key: string, object: KubeObject | undefined, previous: KubeObject | undefined): void => {
    const { labels, namespace } = (object ?? previous)?.metadata ?? {};
    const jobId = labels?.[LABELS.job];
    if (jobId !== undefined) queue.add(`${namespace}/${objectNames.workflow(jobId)}`);
  };
  caches.pods.cache.onChange(lookAtJob);
  caches.volumes.cache.onChange(lookAtJob);
  caches.environments.cache.onChange((_key, environment, previous) => {
    const name = (environment ?? previous)?.metadata.name ?? '';
    admission.admit(name);
    for (const workflow of caches.workflows.cache.byIndex(BY_ENVIRONMENT, name)) {
      queue.add(`${workflow.metadata.namespace}/${workflow.metadata.name}`);
    }
  });
}

/** Puts a policy that somebody removed or changed back, and then wakes the jobs that waited for it. */
async function keepPolicies({ client, options }: ControllerOptions, caches: Caches, queue: WorkQueue): Promise<void> {
  const { namespace, brokerEgress, outward } = options;
  await ensurePolicies(client, { namespace, brokerEgress, outward }, caches.policies.cache);
  lookAtAll(caches, queue);
}
