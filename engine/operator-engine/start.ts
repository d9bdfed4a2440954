import type { RunningResource } from '../../core/resource.ts';
import { ResourceStack, runningResource } from '../../core/resource.ts';
import { WavetankError, messageOf } from '../../core/errors.ts';
import { LEADER_LEASE } from '../api/names.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { createKubeClient } from '../kubernetes/client.ts';
import { isKubeReason } from '../kubernetes/kube-error.ts';
import { startLeaderElection } from '../kubernetes/leader-election.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { STORAGE_CLASSES } from '../kubernetes/objects.ts';
import { startController } from './controller.ts';
import type { OperatorEngineOptions } from './options.ts';
import { resolveOptions } from './options.ts';
import { startTerm } from './term.ts';

export type { OperatorEngineOptions } from './options.ts';

/** An engine at work. It has no address: all that it does happens in the cluster. */
export interface RunningOperatorEngine extends RunningResource {
  readonly identity: string;
  /** Without leader election always true. */
  readonly isLeader: boolean;
}

/**
 * Starts the controller that brings every WorkFlow of a namespace to its end. It keeps nothing: another one with the same
 * options goes on where this one stopped, at whatever moment that was.
 * Resolves when its caches are filled; with leader election, when it stands for election.
 * @throws WavetankError KUBECONFIG_INVALID, STORAGE_CLASS_RETAINS, and KubeError where the cluster refuses
 */
export async function startOperatorEngine(options: OperatorEngineOptions): Promise<RunningOperatorEngine> {
  const { seams } = options;
  const resolved = resolveOptions(options);
  const log = seams.log.child({ component: 'operator-engine' });
  const stack = new ResourceStack();
  try {
    const client = await createKubeClient({ ...options, net: seams.net });
    stack.defer('Kubernetes client', () => client.close());
    if (!options.allowRetainedVolumes) await refuseRetainedVolumes(client, resolved.pods.storageClass, log);
    const start = (over?: AbortSignal): Promise<RunningResource> =>
      startController({ client, seams: { ...seams, log }, options: resolved, over });
    const term = options.leaderElection ? standForElection(client, options, resolved.identity, start) : undefined;
    if (term !== undefined) stack.defer('leader election', () => term.stop());
    else await stack.start('controller', () => start());
    const { identity } = resolved;
    const facts = {
      identity,
      get isLeader() {
        return term?.isLeader ?? true;
      },
    };
    return runningResource(facts, () => stack.stop());
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** Each term has a controller of its own, which ends with it. */
function standForElection(
  client: KubeClient,
  { seams, namespace }: OperatorEngineOptions,
  identity: string,
  start: (over: AbortSignal) => Promise<RunningResource>,
): RunningResource & { readonly isLeader: boolean } {
  let term: RunningResource | undefined;
  let ended = Promise.resolve();
  let isStopping = false;
  const begin = (): void => {
    if (!isStopping) term = startTerm({ seams, start, after: ended });
  };
  const end = (): void => {
    if (term !== undefined) ended = term.stop();
  };
  const election = startLeaderElection({
    client,
    seams,
    namespace,
    leaseName: LEADER_LEASE,
    identity,
    onElected: begin,
    onDeposed: end,
  });
  const facts = {
    get isLeader() {
      return election.isLeader;
    },
  };
  return runningResource(facts, async () => {
    // The work ends before the lease is given back: the next leader must find nobody at it.
    isStopping = true;
    end();
    await ended;
    await election.stop();
  });
}

interface StorageClass extends KubeObject {
  reclaimPolicy?: 'Delete' | 'Retain';
}

/** Volumes that outlive their claims would keep the data owner's data after the job. */
async function refuseRetainedVolumes(
  client: KubeClient,
  name: string,
  log: OperatorEngineOptions['seams']['log'],
): Promise<void> {
  let found: StorageClass | undefined;
  try {
    found = name === '' ? await defaultClass(client) : await client.find<StorageClass>(STORAGE_CLASSES, { name });
  } catch (error) {
    if (!isKubeReason(error, 'Forbidden')) throw error;
    log.warn('the storage class could not be checked', { reason: messageOf(error) });
    return;
  }
  if (found?.reclaimPolicy !== 'Retain') return;
  throw new WavetankError(
    'STORAGE_CLASS_RETAINS',
    `The storage class "${found.metadata.name}" keeps released volumes.`,
    {
      category: 'usage',
      hint: 'Choose a class with reclaimPolicy Delete, or set allowRetainedVolumes.',
    },
  );
}

async function defaultClass(client: KubeClient): Promise<StorageClass | undefined> {
  const { items } = await client.list<StorageClass>(STORAGE_CLASSES);
  return items.find((item) => item.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true');
}
