import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { randomHex } from '../../../core/entropy.ts';
import { WavetankError, isWavetankError } from '../../../core/errors.ts';
import { POD_NODE } from '../../../engine/api/pod-command.ts';
import { applyObject } from '../../../engine/deploy/install.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { isNotFound } from '../../../engine/kubernetes/kube-error.ts';
import { NAMESPACES, PODS } from '../../../engine/kubernetes/objects.ts';
import type { Pod } from '../../../engine/kubernetes/pod-types.ts';
import { parseImageName } from '../kind/image-names.ts';
import { container, literal, podOf, probeNamespace } from '../probe/probe-pods.ts';
import { hasEnded, untilPod } from '../probe/until-pod.ts';
import { nameAndTag } from './images.ts';

/** An image of a gigabyte over a slow line. */
const PULL_MS = 300_000;
const CONNECT_MS = 8000;
/** The kubelet has tried and says why it did not come. */
const NOT_PULLED = new Set(['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'RegistryUnavailable']);

export interface ReachOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of this machine, where it listens and where pods are to reach it. */
  readonly address: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A pod connects back to this machine and says a word that it was given. It is the first thing that is made in the cluster, and is gone again.
 * @returns what the node resolved the image to, as a pod's status has it
 * @throws WavetankError IMAGE_NOT_PULLABLE, PODS_CANNOT_REACH_THIS_MACHINE, PROBE_POD_FAILED (environment)
 */
export async function reachBack(options: ReachOptions, image: string): Promise<string> {
  const word = randomHex(options.entropy, 16);
  const listener = await listenFor(options.address, word);
  const asked = { host: options.address, port: listener.port, word, limitMs: CONNECT_MS };
  const script = readFileSync(fileURLToPath(new URL('pod-reach.mjs', import.meta.url)), 'utf8');
  const command = [...POD_NODE, '--input-type=module', '-e', literal(script), literal(JSON.stringify(asked))];
  try {
    const { pod, said } = await runPod(options, 'reach', image, command);
    if (listener.isHeard()) return pod.status?.containerStatuses?.[0]?.imageID ?? '';
    throw new WavetankError(
      'PODS_CANNOT_REACH_THIS_MACHINE',
      `A pod of the cluster could not reach this machine at ${options.address}: ${said.trim() || 'it said nothing'}.`,
      {
        category: 'environment',
        hint: 'Job Broker and Provider run here, and pods must reach them. Name another address of this machine with --advertise, or open its firewall for the pods.',
        details: { address: options.address, said: said.slice(0, 200) },
      },
    );
  } finally {
    listener.close();
  }
}

/**
 * The digest by which jobs name the image, tried: a node that was given an image by hand may know it by its tag alone.
 * @param imageId what `reachBack` gave
 * @throws WavetankError IMAGE_WITHOUT_DIGEST, PROBE_POD_FAILED (environment)
 */
export async function digestOf(options: ReachOptions, reference: string, imageId: string): Promise<string> {
  const digest = parseImageName(reference).digest ?? /@(sha256:[0-9a-f]{64})$/.exec(imageId)?.[1];
  if (digest === undefined) throw withoutDigest(`The cluster knows ${reference} by no digest.`);
  const byDigest = `${nameAndTag(reference).image}@${digest}`;
  await runPod(options, 'digest', byDigest, ['node', '-e', '0']).catch((error: unknown) => {
    if (!isWavetankError(error, 'IMAGE_NOT_PULLABLE')) throw error;
    throw withoutDigest(`The cluster has the image ${reference}, but not as ${byDigest}.`, error);
  });
  return digest;
}

function withoutDigest(message: string, cause?: unknown): WavetankError {
  return new WavetankError('IMAGE_WITHOUT_DIGEST', message, {
    category: 'environment',
    hint: 'Jobs name images by digest. Use one that comes from a registry; an image that was loaded into the nodes by hand is given that name there too.',
    cause,
  });
}

async function runPod(
  { client, clock, namespace, labels, signal }: ReachOptions,
  name: string,
  image: string,
  command: string[],
): Promise<{ readonly pod: Pod; readonly said: string }> {
  const place = { namespace, labels };
  const ref = { name, namespace };
  await applyObject(client, NAMESPACES, probeNamespace(place));
  const wanted = podOf(place, name, [{ ...container({ image, imagePullPolicy: 'IfNotPresent' }, name), command }]);
  // The kubelet counts the time of the pull too.
  wanted.spec.activeDeadlineSeconds = (PULL_MS + CONNECT_MS) / 1000;
  await client.create(PODS, wanted);
  try {
    const isOver = (one: Pod): boolean => hasEnded(one) || notPulled(one) !== undefined;
    const pod = await untilPod(ref, isOver, { client, clock, timeoutMs: PULL_MS, signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new WavetankError('PROBE_POD_FAILED', `A first pod did not start: ${(error as Error).message}.`, {
        category: 'environment',
        cause: error,
      });
    });
    const why = notPulled(pod);
    if (why !== undefined) throw notPullable(image, why);
    return { pod, said: await client.log(ref, { limitBytes: 4096 }) };
  } finally {
    await client.delete(PODS, ref, { gracePeriodSeconds: 0 }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

function notPulled({ status }: Pod): string | undefined {
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  return NOT_PULLED.has(waiting?.reason ?? '') ? (waiting?.message ?? waiting?.reason) : undefined;
}

function notPullable(image: string, why: string): WavetankError {
  return new WavetankError('IMAGE_NOT_PULLABLE', `The cluster cannot have the image ${image}: ${why}`, {
    category: 'environment',
    hint: 'Name one that it can pull, with Node 24 and a shell: --image node:24=REGISTRY/NODE:24.',
    details: { image },
  });
}

async function listenFor(
  host: string,
  word: string,
): Promise<{ readonly port: number; isHeard(): boolean; close(): void }> {
  let isHeard = false;
  const server = createServer((socket) => {
    let said = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      said = `${said}${String(data)}`.slice(0, 1024);
      isHeard ||= said === word;
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: 0 }, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    isHeard: () => isHeard,
    close: () => void server.close(),
  };
}
