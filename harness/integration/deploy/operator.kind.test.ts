import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { jobIdOf } from '../../../core/protocol/job-id.ts';
import type { ComputeJob } from '../../../core/protocol/job-status.ts';
import type { WorkflowRequest } from '../../../core/protocol/workflow.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { LABELS, LEADER_LEASE, WORKFLOWS } from '../../../engine/api/names.ts';
import type { KubeObject } from '../../../engine/kubernetes/objects.ts';
import { LEASES, NAMESPACES, PODS } from '../../../engine/kubernetes/objects.ts';
import type { Lease, Pod } from '../../../engine/kubernetes/pod-types.ts';
import { whyNoKind } from '../../cluster/kind/testing/lab-kind.ts';
import type { DeployedOperator } from './deployed-operator.ts';
import { deployOperator, ENVIRONMENT, JOBS, OPERATOR, PROVIDER } from './deployed-operator.ts';
import { startSlowProvider } from './slow-provider.ts';

const COMPUTE = '/api/v1/operator/compute';
const OWNER = `0x${'4e'.repeat(20)}`;
const JOB_MS = 150_000;
const TEST_MS = 300_000;

const reason = whyNoKind();
describe.skipIf(reason !== undefined)(`the operator in a cluster${reason === undefined ? '' : ` (${reason})`}`, () => {
  let provider: Awaited<ReturnType<typeof startSlowProvider>>;
  let operator: DeployedOperator;
  let gateway: string;

  beforeAll(async () => {
    provider = await startSlowProvider();
    operator = await deployOperator(provider.port);
    gateway = operator.cluster.hostAddressFromPods;
    await provider.listenOn(gateway);
  }, 600_000);
  afterAll(async () => {
    await operator?.stop();
    await provider?.stop();
  }, 200_000);

  const status = async (jobId: string): Promise<ComputeJob | undefined> => {
    const { text } = await operator.ask('GET', `${COMPUTE}?jobId=${jobId}`);
    return (JSON.parse(text) as ComputeJob[])[0];
  };
  const until = <T>(what: string, look: () => Promise<T | undefined>): Promise<T> =>
    waitUntil(what, look, { clock: systemClock, timeoutMs: JOB_MS, intervalMs: 250 });
  const ended = async (jobId: string): Promise<ComputeJob> => {
    try {
      return await until('the end of the job', async () => {
        const job = await status(jobId);
        return job?.dateFinished ? job : undefined;
      });
    } catch (error) {
      throw new Error(`${messageOf(error)} ${await evidence(jobId)}`, { cause: error });
    }
  };
  /** What the job, its pods and the operator's say: the cluster is gone when somebody wonders. */
  async function evidence(jobId: string): Promise<string> {
    const pods = [...(await podsOf(`${LABELS.job}=${jobId}`, JOBS)), ...(await podsOf(LABELS.managedBy))];
    const said = pods.map(async ({ metadata: { name, namespace = '' }, status: { phase } = {} }) => {
      const log = await operator.client.log({ name, namespace }, { tailLines: 20 }).catch(messageOf);
      return `== ${name} ${phase}\n${log}`;
    });
    return [
      JSON.stringify(await status(jobId)),
      `asked: ${provider.ranges.join(', ')}`,
      ...(await Promise.all(said)),
    ].join('\n');
  }
  const podsOf = async (selector: string, namespace = OPERATOR): Promise<Pod[]> =>
    (await operator.client.list<Pod>(PODS, { namespace, labelSelector: selector })).items;
  const kill = (name: string): Promise<unknown> =>
    operator.client.delete(PODS, { name, namespace: OPERATOR }, { gracePeriodSeconds: 0 });

  async function start(nonce: string): Promise<string> {
    const request = requestOf(nonce);
    const answer = await operator.ask('POST', COMPUTE, request);
    expect([answer.status, answer.text]).toEqual([200, answer.text]);
    return request.jobId;
  }

  function requestOf(nonce: string): WorkflowRequest {
    const agreementId = `0x${nonce.padStart(64, '0')}`;
    const { data, algorithm } = provider.digests;
    const file = (route: string, checksum: string) => ({
      index: 0,
      url: `http://${gateway}:${provider.port}${route}`,
      capability: 'c',
      checksum,
    });
    return {
      jobId: jobIdOf({ chainId: 8996, provider: PROVIDER, owner: OWNER, agreementId, nonce }),
      agreementId,
      owner: OWNER,
      providerAddress: PROVIDER,
      environment: ENVIRONMENT,
      validUntil: 0,
      nonce,
      chainId: 8996,
      workflow: {
        stages: [
          {
            index: 0,
            input: [
              { index: 0, id: `did:op:${'d'.repeat(64)}`, serviceId: 's', ddo: '{}', files: [file('/data', data)] },
            ],
            algorithm: {
              id: `did:op:${'e'.repeat(64)}`,
              container: { entrypoint: 'node $ALGO', image: 'node', tag: '24', checksum: nodeDigest() },
              files: [file('/algorithm', algorithm)],
            },
            compute: { maxDurationSeconds: 120, networkAccess: false },
            output: { metadataUri: 'http://127.0.0.1:1' },
          },
        ],
      },
    };
  }

  /** Of the image that the cluster was given, as its node names it. */
  function nodeDigest(): string {
    const digest = operator.cluster.digests.get('node:24');
    if (digest === undefined) throw new Error('The cluster was not given node:24.');
    return digest;
  }

  async function digestIn(job: ComputeJob): Promise<string> {
    const index = (job.results || []).find(({ filename }) => filename === 'digest')?.index;
    return (await operator.ask('GET', `/api/v1/operator/getResult?jobId=${job.jobId}&owner=${OWNER}&index=${index}`))
      .text;
  }

  test('a broker that goes in the middle of a download does no harm', { timeout: TEST_MS }, async () => {
    const jobId = await start('1');
    await provider.isHeld;
    for (const { metadata } of await podsOf('app.kubernetes.io/name=job-broker')) await kill(metadata.name);
    const job = await ended(jobId);
    expect(job).toMatchObject({ status: 70 });
    expect(await digestIn(job)).toBe(provider.digests.data);
    // It went on where it was cut, and did not begin again.
    expect(provider.ranges.length).toBeGreaterThan(1);
    expect(provider.ranges.slice(1).every((range) => range !== undefined)).toBe(true);
  });

  test(
    'a leader that is killed while the algorithm runs is followed by the other engine, and the algorithm runs once',
    { timeout: TEST_MS },
    async () => {
      const jobId = await start('2');
      await until('the algorithm', async () => ((await status(jobId))?.status === 40 ? true : undefined));
      const compute = `${LABELS.job}=${jobId},${LABELS.stage}=compute`;
      const [running] = await podsOf(compute, JOBS);
      const lease = await operator.client.get<Lease>(LEASES, { name: LEADER_LEASE, namespace: JOBS });
      const leader = lease.spec.holderIdentity ?? '';
      expect((await podsOf('app.kubernetes.io/name=operator-engine')).map(({ metadata }) => metadata.name)).toContain(
        leader,
      );
      await kill(leader);
      const job = await ended(jobId);
      expect(job).toMatchObject({ status: 70, details: { exitCode: 0 } });
      expect(await digestIn(job)).toBe(provider.digests.data);
      const after = await operator.client.get<Lease>(LEASES, { name: LEADER_LEASE, namespace: JOBS });
      expect(after.spec.holderIdentity).not.toBe(leader);
      const known = (await podsOf(compute, JOBS)).map(({ metadata }) => metadata.uid);
      expect(known.filter((uid) => uid !== running?.metadata.uid)).toEqual([]);
    },
  );

  test(
    'it is removed as its page says: the jobs while an engine lets go of them, then the rest',
    { timeout: TEST_MS },
    async () => {
      const { client } = operator;
      const jobs = await client.list<KubeObject>(WORKFLOWS, { namespace: JOBS });
      expect(jobs.items.length).toBe(2);
      for (const { metadata } of jobs.items) await client.delete(WORKFLOWS, { name: metadata.name, namespace: JOBS });
      const isEmpty = async (): Promise<true | undefined> =>
        (await client.list(WORKFLOWS, { namespace: JOBS })).items.length === 0 ? true : undefined;
      await until('the jobs to go', isEmpty);
      for (const name of [JOBS, OPERATOR]) await client.delete(NAMESPACES, { name });
      for (const name of [JOBS, OPERATOR])
        await until(`${name} to go`, async () => ((await client.find(NAMESPACES, { name })) ? undefined : true));
    },
  );
});
