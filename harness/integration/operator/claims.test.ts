import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededEntropy } from '../../../core/entropy.ts';
import { createNet } from '../../../core/net.ts';
import { ResourceStack } from '../../../core/resource.ts';
import { silentLogger } from '../../../core/log.ts';
import { VirtualClock } from '../../../core/virtual-clock.ts';
import { API_VERSION, LABELS, WORKFLOWS, objectNames } from '../../../engine/api/names.ts';
import { installOperator } from '../../../engine/deploy/install.ts';
import type { JobRecord } from '../../../engine/archive/record.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { createKubeClient } from '../../../engine/kubernetes/client.ts';
import type { KubeObject } from '../../../engine/kubernetes/objects.ts';
import { CONFIG_MAPS, SECRETS } from '../../../engine/kubernetes/objects.ts';
import { removeAbandonedStarts } from '../../../engine/operator-service/abandoned-starts.ts';
import type { TakenClaim } from '../../../engine/operator-service/claims.ts';
import { Claims } from '../../../engine/operator-service/claims.ts';
import { startApiServer } from '../../cluster/embedded/api-server.ts';

const NAMESPACE = 'ocean';
const GRACE_MS = 30_000;
const agreement = (jobId: string) => ({ chainId: 8996, agreementId: `0x${'a1'.repeat(32)}`, jobId });

let stack: ResourceStack;
let clock: VirtualClock;
let admin: KubeClient;
let client: KubeClient;
let claims: Claims;
/** Ids of jobs that the archive knows. */
let recorded: Set<string>;

beforeEach(async () => {
  stack = new ResourceStack();
  clock = new VirtualClock(1_700_000_000_000);
  const api = await stack.start('API server', () => startApiServer({ clock, entropy: seededEntropy('claims') }));
  const net = createNet();
  stack.defer('net', () => net.close());
  admin = await createKubeClient({ kubeconfig: api.kubeconfig(), net });
  await installOperator(admin, { namespace: NAMESPACE, environments: {} });
  const user = { username: `system:serviceaccount:${NAMESPACE}:operator-service`, groups: ['system:authenticated'] };
  client = await createKubeClient({ kubeconfig: api.kubeconfig(user), net });
  recorded = new Set();
  claims = new Claims(client, NAMESPACE, clock, {
    getRecord: async (jobId) => (recorded.has(jobId) ? ({ jobId } as JobRecord) : undefined),
  });
});
afterEach(() => stack.stop());

describe('the claim of an agreement', () => {
  test("is one job's, and the same job takes it again", async () => {
    await claims.take(agreement('a'));
    await claims.take(agreement('a'));
    await expect(claims.take(agreement('b'))).rejects.toMatchObject({ body: { code: 'AGREEMENT_IN_USE' } });
    expect(await holders()).toEqual(['a']);
  });

  test("of starts at the same time is exactly one's", async () => {
    const jobs = ['a', 'b', 'c', 'd', 'e'];
    const taken = await Promise.allSettled(jobs.map((jobId) => claims.take(agreement(jobId))));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await holders()).toHaveLength(1);
  });

  test('is held by a job that runs, however long', async () => {
    await claims.take(agreement('a'));
    await workflow('a');
    clock.advance(GRACE_MS * 100);
    await expect(claims.take(agreement('b'))).rejects.toMatchObject({ body: { code: 'AGREEMENT_IN_USE' } });
  });

  test("of an unfinished start is the next one's after its time, and its inputs go", async () => {
    await inputs('a', await claims.take(agreement('a')));
    clock.advance(GRACE_MS - 1);
    await expect(claims.take(agreement('b'))).rejects.toMatchObject({ body: { code: 'AGREEMENT_IN_USE' } });
    clock.advance(1);
    await claims.take(agreement('b'));
    expect(await holders()).toEqual(['b']);
    expect(await secrets()).toEqual([]);
  });

  test('of a job that is over and gone is the next one’s at once: nobody was there to give it free', async () => {
    await claims.take(agreement('a'));
    recorded.add('a');
    await claims.take(agreement('b'));
    expect(await holders()).toEqual(['b']);
  });

  test('that was taken over protects its new holder as a new one does', async () => {
    await claims.take(agreement('a'));
    clock.advance(GRACE_MS);
    const taken = await Promise.allSettled(['b', 'c', 'd'].map((jobId) => claims.take(agreement(jobId))));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(claims.take(agreement('e'))).rejects.toMatchObject({ body: { code: 'AGREEMENT_IN_USE' } });
  });

  test('carries a start for a while only: a WorkFlow made later could come when the claim is gone', async () => {
    const claim = await claims.take(agreement('a'));
    clock.advance(GRACE_MS - 10_001);
    claims.assertInTime(claim);
    clock.advance(1);
    expect(() => claims.assertInTime(claim)).toThrow(expect.objectContaining({ code: 'START_TOO_SLOW' }));
    claims.assertInTime(await claims.take(agreement('a')));
  });

  test('is given free by its holder alone, and what was made under it goes with it', async () => {
    await inputs('a', await claims.take(agreement('a')));
    await claims.release(agreement('b'));
    expect([...(await holders()), ...(await secrets())]).toEqual(['a', 'job-a-inputs-d']);
    await claims.release(agreement('a'));
    await claims.release(agreement('a'));
    expect([...(await holders()), ...(await secrets())]).toEqual([]);
  });
});

describe('whether a start may still come to a job', () => {
  test('is so while it is under way, before it has a claim too', async () => {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const starts = [first, second].map(({ promise }) => claims.during('a', () => promise));
    expect(await claims.isUnfinished('a')).toBe(true);
    first.resolve();
    await starts[0];
    expect([await claims.isUnfinished('a'), await claims.isUnfinished('b')]).toEqual([true, false]);
    second.reject(new Error('cut'));
    await expect(starts[1]).rejects.toThrow('cut');
    expect(await claims.isUnfinished('a')).toBe(false);
  });

  test('is so while its claim has its time', async () => {
    await claims.take(agreement('a'));
    expect([await claims.isUnfinished('a'), await claims.isUnfinished('b')]).toEqual([true, false]);
    clock.advance(GRACE_MS - 1);
    expect(await claims.isUnfinished('a')).toBe(true);
    clock.advance(1);
    expect(await claims.isUnfinished('a')).toBe(false);
  });

  test.each(['', 'a,b', 'a=b', '!x', 'a'.repeat(64), 'ä'])('is not so of what is no id: %j', async (jobId) => {
    await claims.take(agreement('a'));
    expect(await claims.isUnfinished(jobId)).toBe(false);
  });
});

describe('a start that nobody repeats', () => {
  test('leaves neither claim nor inputs once its time is over', async () => {
    await inputs('a', await claims.take(agreement('a')));
    expect(await claims.removeAbandoned()).toBe(GRACE_MS);
    expect(await holders()).toEqual(['a']);
    clock.advance(GRACE_MS);
    expect(await claims.removeAbandoned()).toBeUndefined();
    expect([...(await holders()), ...(await secrets())]).toEqual([]);
  });

  test('is told from one that was repeated in the last moment', async () => {
    await inputs('a', await claims.take(agreement('a')));
    clock.advance(GRACE_MS - 1);
    await claims.take(agreement('a'));
    clock.advance(1);
    expect(await claims.removeAbandoned()).toBe(GRACE_MS - 1);
    expect([...(await holders()), ...(await secrets())]).toEqual(['a', 'job-a-inputs-d']);
  });

  test('is told from one whose job is over and gone: its claim is removed at once', async () => {
    await inputs('a', await claims.take(agreement('a')));
    recorded.add('a');
    expect(await claims.removeAbandoned()).toBeUndefined();
    expect([...(await holders()), ...(await secrets())]).toEqual([]);
  });

  test('is told from one that became a job', async () => {
    await inputs('a', await claims.take(agreement('a')));
    await workflow('a');
    clock.advance(GRACE_MS * 10);
    expect(await claims.removeAbandoned()).toBeUndefined();
    expect([...(await holders()), ...(await secrets())]).toEqual(['a', 'job-a-inputs-d']);
  });

  test('is looked for at the start of the service, and again when it has had its time', async () => {
    await claims.take(agreement('a'));
    const looks: (number | undefined)[] = [];
    const looked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const watched = Object.assign(Object.create(claims) as Claims, {
      async removeAbandoned() {
        looks.push(await claims.removeAbandoned());
        looked[looks.length - 1]?.resolve();
        return looks.at(-1);
      },
    });
    const abandoned = removeAbandonedStarts(watched, { clock, log: silentLogger });
    await looked[0]?.promise;
    await Promise.resolve();
    clock.advance(GRACE_MS);
    await looked[1]?.promise;
    abandoned.stop();
    expect(looks).toEqual([GRACE_MS, undefined]);
    expect(await holders()).toEqual([]);
  });
});

async function holders(): Promise<(string | undefined)[]> {
  const { items } = await client.list<KubeObject & { data?: { jobId?: string } }>(CONFIG_MAPS, {
    namespace: NAMESPACE,
    labelSelector: LABELS.job,
  });
  return items.map(({ data }) => data?.jobId);
}

async function secrets(): Promise<string[]> {
  const { items } = await admin.list(SECRETS, { namespace: NAMESPACE, labelSelector: LABELS.job });
  return items.map(({ metadata }) => metadata.name);
}

async function inputs(jobId: string, { owner }: TakenClaim): Promise<void> {
  const metadata = {
    name: objectNames.secret(jobId, 'd'),
    namespace: NAMESPACE,
    labels: { [LABELS.job]: jobId },
    ownerReferences: [owner],
  };
  await client.create(SECRETS, { metadata } as KubeObject);
}

async function workflow(jobId: string): Promise<void> {
  const spec = {
    jobId: jobId.repeat(32),
    owner: '0x00000000000000000000000000000000000000aa',
    agreementId: agreement(jobId).agreementId,
    chainId: 8996,
    provider: '0x00000000000000000000000000000000000000bb',
    environment: 'lab',
    algorithm: { did: 'did:op:algo', image: 'node:22', entrypoint: 'node $ALGO' },
    inputs: [],
    networkAccess: false,
    maxDurationSeconds: 600,
    validUntil: 0,
    secret: { name: objectNames.secret(jobId, 'd'), digest: 'd' },
  };
  const metadata = { name: objectNames.workflow(jobId), namespace: NAMESPACE };
  await client.create(WORKFLOWS, { apiVersion: API_VERSION, kind: 'WorkFlow', metadata, spec } as KubeObject);
}
