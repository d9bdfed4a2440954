import { describe, expect, test } from 'vitest';
import { seededEntropy } from '../../core/entropy.ts';
import { silentLogger } from '../../core/log.ts';
import { VirtualClock } from '../../core/virtual-clock.ts';
import type { KubeClient } from './client.ts';
import { KubeError, statusOf } from './kube-error.ts';
import { startLeaderElection } from './leader-election.ts';
import type { Lease } from './pod-types.ts';

describe('a leader whose requests hang', () => {
  test('steps down at the deadline, not when they end; the next one leads only after that', async () => {
    const lab = electionLab();
    const first = lab.stand('first');
    await lab.pass(1000);
    expect(first.isLeader).toBe(true);
    const second = lab.stand('second');
    await lab.pass(5000);
    expect(second.isLeader).toBe(false);

    first.cluster.hang();
    const hungAt = lab.clock.now();
    await lab.until(() => !first.isLeader);
    // It had renewed at most one pause before.
    expect(lab.clock.now() - hungAt).toBeLessThanOrEqual(10_000);
    expect(first.said).toEqual(['elected', 'deposed']);
    await lab.until(() => second.isLeader);
    expect(lab.clock.now() - hungAt).toBeLessThan(20_000);
    expect(lab.mostLeaders()).toBe(1);
  });

  test('gives the requests up, and leads again when the cluster answers', async () => {
    const lab = electionLab();
    const only = lab.stand('only');
    await lab.pass(1000);
    only.cluster.hang();
    await lab.pass(60_000);
    expect(only.isLeader).toBe(false);
    expect(only.cluster.hanging()).toBeLessThanOrEqual(1);
    only.cluster.answer();
    await lab.pass(30_000);
    expect(only.isLeader).toBe(true);
    expect(only.said).toEqual(['elected', 'deposed', 'elected']);
  });

  test('a candidate whose question hangs asks again', async () => {
    const lab = electionLab();
    const only = lab.stand('only', (cluster) => cluster.hang());
    await lab.pass(5000);
    only.cluster.answer();
    await lab.pass(10_000);
    expect(only.isLeader).toBe(true);
  });

  test('what answers late renews from when it was asked', async () => {
    const lab = electionLab();
    const first = lab.stand('first');
    await lab.pass(1000);
    first.cluster.delayAnswers(9000);
    lab.stand('second');
    await lab.pass(120_000);
    expect(lab.mostLeaders()).toBe(1);
  });
});

function electionLab() {
  const clock = new VirtualClock();
  const server = leaseServer();
  const candidates: { readonly isLeader: boolean }[] = [];
  let most = 0;
  const idle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    most = Math.max(most, candidates.filter(({ isLeader }) => isLeader).length);
  };
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      await idle();
      clock.advance(100);
    }
    await idle();
  };
  return {
    clock,
    pass,
    mostLeaders: () => most,
    async until(isSo: () => boolean): Promise<void> {
      for (let tick = 0; tick < 1000 && !isSo(); tick++) await pass(100);
      expect(isSo()).toBe(true);
    },
    stand(identity: string, prepare?: (cluster: Cluster) => void) {
      const cluster = unreliable(server, clock);
      prepare?.(cluster);
      const said: string[] = [];
      const election = startLeaderElection({
        client: cluster.client,
        seams: { clock, entropy: seededEntropy(identity), log: silentLogger },
        namespace: 'ocean',
        leaseName: 'lead',
        identity,
        onElected: () => void said.push('elected'),
        onDeposed: () => void said.push('deposed'),
      });
      candidates.push(election);
      return Object.assign(election, { cluster, said });
    },
  };
}

type LeaseClient = Pick<KubeClient, 'find' | 'create' | 'update'>;
type Cluster = ReturnType<typeof unreliable>;

/** One Lease, and the rules of an API server for it. */
function leaseServer(): LeaseClient {
  let stored: Lease | undefined;
  let version = 0;
  const store = (lease: Lease): Lease => {
    stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(++version) } };
    return stored;
  };
  const server = {
    find: async () => stored,
    async create(_resource: unknown, lease: Lease) {
      if (stored) throw new KubeError(statusOf(409, '{"reason":"AlreadyExists"}'), 'POST');
      return store(lease);
    },
    async update(_resource: unknown, lease: Lease) {
      if (lease.metadata.resourceVersion !== stored?.metadata.resourceVersion)
        throw new KubeError(statusOf(409, '{"reason":"Conflict"}'), 'PUT');
      return store(lease);
    },
  };
  return server as unknown as LeaseClient;
}

/** The way of one candidate to the server: it may hang, or take its time for the answers. */
function unreliable(server: LeaseClient, clock: VirtualClock) {
  let isHanging = false;
  let delayMs = 0;
  let hanging = 0;
  const through =
    (method: 'find' | 'create' | 'update') =>
    async (resource: never, object: never, options: { signal?: AbortSignal } = {}): Promise<unknown> => {
      if (isHanging) {
        hanging++;
        await new Promise((_resolve, reject) =>
          options.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error)),
        ).finally(() => hanging--);
      }
      const answer = await server[method](resource, object);
      if (delayMs > 0) await clock.sleep(delayMs, options.signal);
      return answer;
    };
  const client = { find: through('find'), create: through('create'), update: through('update') };
  return {
    client: client as unknown as KubeClient,
    hang: () => void (isHanging = true),
    answer: () => void (isHanging = false),
    hanging: () => hanging,
    delayAnswers: (ms: number) => void (delayMs = ms),
  };
}
