import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Logger } from '../../../core/log.ts';
import type { Net } from '../../../core/net.ts';
import { ResourceStack, runningResource } from '../../../core/resource.ts';
import type { PodScript } from '../../../engine/api/pod-command.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { createKubeClient } from '../../../engine/kubernetes/client.ts';
import { STORAGE_CLASSES } from '../../../engine/kubernetes/objects.ts';
import type { PodsApp } from '../../pods-image.ts';
import type { RunningCluster } from '../cluster.ts';
import type { RunningLabGate } from '../probe/lab-gate.ts';
import { startLabGate } from '../probe/lab-gate.ts';
import { advertisedAddress } from './advertised-address.ts';
import type { ExistingImages } from './images.ts';
import { measureExisting } from './measure-existing.ts';
import type { TestbedNamespaces } from './ownership.ts';
import { namespacesOf, testbedLabels } from './ownership.ts';
import { askPermissions, neededPermissions, requirePermissions } from './permissions.ts';
import { requireFreePlace, takePlace } from './place.ts';
import { commandWithScript } from './pods-command.ts';
import { digestOf, reachBack } from './reach-probe.ts';
import type { RemovedFromCluster } from './remove-testbeds.ts';
import { removeTestbeds } from './remove-testbeds.ts';
import type { StorageClass } from './storage-class.ts';
import { requireDeletingDefault } from './storage-class.ts';

export interface ExistingClusterOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly net: Net;
  readonly log: Logger;
  /** Read, and never written. */
  readonly kubeconfigPath: string;
  readonly instance: string;
  /** Of the jobs; one that is there is used and stays. Default: an own one. */
  readonly namespace?: string | undefined;
  /** The address of this machine for pods. Default: the one by which this machine reaches the cluster. */
  readonly advertise?: string | undefined;
  readonly images: ExistingImages;
  readonly podsApp: PodsApp;
  readonly podUser: { readonly uid: number; readonly gid: number };
  /** Ends a start that is under way; what was made is removed. Means nothing afterwards. */
  readonly signal?: AbortSignal;
}

export interface RunningExistingCluster extends RunningCluster {
  readonly client: KubeClient;
  readonly namespaces: TestbedNamespaces;
  readonly gate: RunningLabGate;
  readonly podsImage: string;
  readonly podsCommand: (script: PodScript) => readonly string[];
  /** Of the image of the lab's algorithms. */
  readonly nodeDigest: string;
}

/** Namespaces take their time to go. */
const STOP_MS = 80_000;

/**
 * Takes a place in a cluster that is there, measured. What the account may not do there, what pods cannot reach and what images are missing
 * is said before anything of the testbed is made; then only probe pods have been there, and are gone again. `stop` removes what was made.
 * @throws WavetankError CLUSTER_UNREACHABLE, CLUSTER_PERMISSIONS_MISSING, STORAGE_CLASS_MISSING, STORAGE_CLASS_RETAINS, NAMESPACE_EXISTS,
 * NAMESPACE_IN_USE, IMAGE_NOT_PULLABLE, IMAGE_WITHOUT_DIGEST, PODS_CANNOT_REACH_THIS_MACHINE, PROBE_POD_FAILED (environment),
 * ADVERTISE_MISSING, ADVERTISE_INVALID, KUBECONFIG_INVALID (usage)
 */
export async function startExistingCluster(options: ExistingClusterOptions): Promise<RunningExistingCluster> {
  const { kubeconfigPath, net, clock, instance, log } = options;
  const stack = new ResourceStack({ budgetMs: STOP_MS });
  try {
    const client = await createKubeClient({ kubeconfigPath, net });
    stack.defer('client of the cluster', () => client.close());
    const facts = await bringUp(options, client, () =>
      stack.defer('what is in the cluster', async () => tell(log, await removeTestbeds({ client, clock }, instance))),
    );
    stack.defer('gate', () => facts.gate.stop());
    return runningResource(facts, () => stack.stop());
  } catch (error) {
    await stack.stop().catch((problem: unknown) => {
      log.warn('something stays in the cluster: `wavetank down --kubeconfig` removes it', {
        reason: messageOf(problem),
      });
    });
    throw error;
  }
}

async function bringUp(
  options: ExistingClusterOptions,
  client: KubeClient,
  touched: () => void,
): Promise<Omit<RunningExistingCluster, 'stop' | typeof Symbol.asyncDispose>> {
  const { kubeconfigPath, instance, images, podsApp, podUser, clock, entropy, log, signal } = options;
  const labels = testbedLabels(instance);
  const namespaces = namespacesOf(instance, options.namespace);
  const address = await preflight(options, client, namespaces);
  signal?.throwIfAborted();
  touched();
  const probing = { client, clock, entropy, namespace: namespaces.probe, labels, address, signal };
  const podsImage = images.pods ?? images.node;
  log.info('a pod connects back to this machine', { address, image: podsImage });
  const imageId = await reachBack(probing, podsImage);
  const nodeId = images.node === podsImage ? imageId : await reachBack(probing, images.node);
  const nodeDigest = await digestOf(probing, images.node, nodeId);
  await takePlace(client, namespaces, instance);
  const podsCommand = (script: PodScript): readonly string[] =>
    images.pods === undefined ? commandWithScript(podsApp, script) : podsApp.command(script);
  const gate = await startLabGate({
    client,
    clock,
    entropy,
    log,
    podsImage,
    podsCommand,
    podUser,
    namespace: namespaces.canary,
    labels,
    imagePullPolicy: 'IfNotPresent',
    signal,
  });
  try {
    log.info('what the cluster enforces is measured', { server: client.server });
    const capabilities = await measureExisting({
      ...probing,
      gate,
      image: podsImage,
    });
    signal?.throwIfAborted();
    return {
      backend: 'existing',
      kubeconfigPath,
      hostAddressFromPods: address,
      capabilities,
      client,
      namespaces,
      gate,
      podsImage,
      podsCommand,
      nodeDigest,
    };
  } catch (error) {
    await gate.stop();
    throw error;
  }
}

/** Asks, and makes nothing. @returns the address by which pods are to reach this machine */
async function preflight(
  { namespace, advertise }: ExistingClusterOptions,
  client: KubeClient,
  namespaces: TestbedNamespaces,
): Promise<string> {
  const address = await advertisedAddress(advertise, client.server);
  const findings = await askPermissions(client, neededPermissions(namespaces));
  requirePermissions(findings, client.server);
  requireDeletingDefault((await client.list<StorageClass>(STORAGE_CLASSES)).items);
  await requireFreePlace(client, namespaces, namespace !== undefined);
  return address;
}

function tell(log: Logger, { objects, kept }: RemovedFromCluster): void {
  log.info('removed from the cluster', { objects: objects.length, kept });
}
