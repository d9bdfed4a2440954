import type { ContainerRuntimeClient, WaitStrategy } from 'testcontainers';
import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { randomHex, systemEntropy } from '../../../core/entropy.ts';
import { WavetankError, messageOf } from '../../../core/errors.ts';
import type { Logger } from '../../../core/log.ts';
import type { Net } from '../../../core/net.ts';
import { runningResource } from '../../../core/resource.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { NewUser } from '../access-policy.ts';
import { journalLeftover } from '../leftovers.ts';
import type { OwnObjectStorage } from '../object-storage.ts';
import { MinioAdminApi } from './admin-api.ts';
import type { ContainerOwner } from './container-engine.ts';
import { connectEngine, containerLabels, hasImage, removeContainers } from './container-engine.ts';

/** MinIO's images come from quay.io alone. */
export const DEFAULT_MINIO_IMAGE = 'quay.io/minio/minio:RELEASE.2026-02-12T20-18-48Z';

const PORT = 9000;
const REGION = 'us-east-1';
const START_LIMIT_MS = 60_000;

export interface MinioOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly net: Net;
  readonly log: Logger;
  /** Whose container it is, for people: goes into its name and a label. */
  readonly instance: string;
  /** Where the entry for `wavetank down` is written. */
  readonly stateRoot: string;
  /** Default DEFAULT_MINIO_IMAGE. It is never pulled. */
  readonly image?: string;
}

export interface RunningMinio extends OwnObjectStorage {
  readonly backend: 'minio';
  createUser(user: NewUser): Promise<void>;
}

/**
 * Starts MinIO in a container of its own, on a free port of 127.0.0.1, with random credentials and an empty volume. `stop` removes all of it.
 * @throws WavetankError DOCKER_UNAVAILABLE, MINIO_IMAGE_MISSING, MINIO_NOT_STARTED (environment)
 */
export async function startMinio(options: MinioOptions): Promise<RunningMinio> {
  const { clock, entropy, net, log, instance, stateRoot, image = DEFAULT_MINIO_IMAGE } = options;
  const engine = await connectEngine();
  await requireImage(engine, image);
  const accessKey = randomHex(entropy, 10).toUpperCase();
  const secretKey = randomHex(entropy, 20);
  // Not from the seams: the same seed would give two testbeds the same one.
  const owner = { instance, token: randomHex(systemEntropy, 16) };
  const journal = journalLeftover(stateRoot, { kind: 'minio', ...owner });
  const stop = async (): Promise<void> => {
    await removeContainers(engine, owner);
    journal.close();
  };
  try {
    const port = await startContainer(options, image, owner, { accessKey, secretKey });
    const signer = { endpoint: `http://127.0.0.1:${port}`, region: REGION, accessKey, secretKey };
    const admin = new MinioAdminApi({ clock, entropy, net, signer });
    log.info('minio started', { endpoint: signer.endpoint, image });
    return runningResource(
      { ...signer, backend: 'minio' as const, createUser: (user: NewUser) => admin.createUser(user) },
      stop,
    );
  } catch (error) {
    await stop();
    throw new WavetankError('MINIO_NOT_STARTED', `MinIO did not start from ${image}: ${messageOf(error)}.`, {
      category: 'environment',
      hint: 'Its port is on the loopback of the machine that Docker runs on: for an engine elsewhere use --storage existing.',
      cause: error,
    });
  }
}

/** Why MinIO cannot run on this machine, in words of the error that its start would give; undefined when it can. */
export async function whyThereIsNoMinio(image = DEFAULT_MINIO_IMAGE): Promise<string | undefined> {
  try {
    await requireImage(await connectEngine(), image);
    return undefined;
  } catch (error) {
    if (error instanceof WavetankError) return `${error.message} ${error.hint ?? ''}`;
    throw error;
  }
}

async function requireImage(engine: ContainerRuntimeClient, image: string): Promise<void> {
  if (await hasImage(engine, image)) return;
  throw new WavetankError('MINIO_IMAGE_MISSING', `Docker has no image ${image}.`, {
    category: 'environment',
    hint: `\`docker pull ${image}\`, or name one that it has with --minio-image.`,
    details: { image },
  });
}

/** Testcontainers binds to every address of the machine, and asks for shells in images that have none; ours is for this machine alone and is asked over HTTP. */
async function startContainer(
  { clock, net }: MinioOptions,
  image: string,
  owner: ContainerOwner & { readonly token: string },
  { accessKey, secretKey }: { readonly accessKey: string; readonly secretKey: string },
): Promise<number> {
  const { GenericContainer, PullPolicy } = await import('testcontainers');
  class OnLoopback extends GenericContainer {
    protected override beforeContainerCreated = async (): Promise<void> => {
      this.hostConfig.PortBindings = { [`${PORT}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '' }] };
    };
  }
  const container = await new OnLoopback(image)
    // What it would clean up is in our journal; its own helper is one image more to get.
    .withAutoCleanup(false)
    .withPullPolicy(PullPolicy.neverPull())
    .withName(`wavetank-${owner.instance}-minio-${owner.token.slice(0, 8)}`)
    .withLabels(containerLabels(owner))
    .withEnvironment({
      MINIO_ROOT_USER: accessKey,
      MINIO_ROOT_PASSWORD: secretKey,
      MINIO_REGION: REGION,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    })
    .withCommand(['server', '/data', '--address', `:${PORT}`])
    .withExposedPorts(PORT)
    .withWaitStrategy(healthy(clock, net))
    .start();
  return container.getMappedPort(PORT);
}

function healthy(clock: Clock, net: Net): WaitStrategy {
  const strategy: WaitStrategy = {
    async waitUntilReady(_container, boundPorts) {
      const url = `http://127.0.0.1:${boundPorts.getBinding(PORT)}/minio/health/ready`;
      await waitUntil(
        `MinIO at ${url}`,
        async () => {
          const answer = await net.fetch(url);
          await answer.body?.cancel();
          return answer.status === 200 ? true : undefined;
        },
        { clock, timeoutMs: START_LIMIT_MS, intervalMs: 50 },
      );
    },
    withStartupTimeout: () => strategy,
    isStartupTimeoutSet: () => true,
    getStartupTimeout: () => START_LIMIT_MS,
  };
  return strategy;
}
