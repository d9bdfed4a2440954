import { afterAll, beforeAll, expect, test } from 'vitest';
import { Readable } from 'node:stream';
import { systemClock } from '../../../core/clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { ComputeJob } from '../../../core/protocol/job-status.ts';
import { createNet } from '../../../core/net.ts';
import type { Net } from '../../../core/net.ts';
import { systemSeams } from '../../../core/seams.ts';
import { ANNOTATIONS, COMPUTE_ENVIRONMENTS, objectNames, WORKFLOWS } from '../../../engine/api/names.ts';
import { LEASES } from '../../../engine/kubernetes/objects.ts';
import { createArchive } from '../../../engine/archive/archive.ts';
import type { JobRecord } from '../../../engine/archive/record.ts';
import type { OperatorLab } from './operator-lab.ts';
import { ENVIRONMENT, NAMESPACE, NEIGHBOUR, startOperatorLab, STRANGER, workflowRequest } from './operator-lab.ts';

const COMPUTE = '/api/v1/operator/compute';
let lab: OperatorLab;
let counter = 0;

beforeAll(async () => {
  lab = await startOperatorLab();
});
afterAll(() => lab.stop());

function freshRequest(change: Parameters<typeof workflowRequest>[1] = {}) {
  return workflowRequest(lab.files.url, { agreementId: `0x${String(++counter).padStart(64, '0')}`, ...change });
}

/** A job that ended long ago: its record is all that there is of it. */
async function archivedJob(owner: string, outputs: Readonly<Record<string, string>> = {}): Promise<JobRecord> {
  const archive = await createArchive({ ...lab.storage, net: lab.seams.net });
  const request = freshRequest({ owner });
  const results = await Promise.all(
    Object.entries(outputs).map(async ([filename, text], index) => {
      const { bytes, sha256 } = await archive.putOutput(
        request.jobId,
        filename,
        Readable.from([text]),
        Buffer.byteLength(text),
      );
      return {
        index,
        filename,
        filesize: bytes,
        type: 'output' as const,
        key: `jobs/${request.jobId}/outputs/${filename}`,
        sha256,
      };
    }),
  );
  const record = recordOf(request, results);
  await archive.putRecord(record);
  return record;
}

test('T4: files of another Provider are taken only from one that the operator lists', async () => {
  const requestOver = (provider: string) => {
    const request = freshRequest();
    const [stage] = request.workflow.stages;
    const did = `did:op:${'d'.repeat(64)}`;
    const remote = { provider, did, serviceId: 's', transferTxId: `0x${'7a'.repeat(32)}` };
    const input = [...stage.input, { index: 1, id: did, serviceId: 's', ddo: '{}', files: [{ index: 0, remote }] }];
    return { ...request, workflow: { stages: [{ ...stage, input }] } };
  };
  expect(await lab.ask('POST', COMPUTE, { body: requestOver(STRANGER) })).toMatchObject({
    status: 400,
    body: { code: 'INPUT_PROVIDER_NOT_ALLOWED', field: 'workflow.stages.0.input' },
  });
  expect(await lab.ask('POST', COMPUTE, { body: requestOver(NEIGHBOUR) })).toMatchObject({ status: 200 });
  const { body } = await lab.ask('GET', '/api/v1/operator/environments');
  expect(body).toMatchObject([{ inputProviders: [NEIGHBOUR] }]);
});

test('the id of a request stands on its WorkFlow, and a start that is sent again under another finds the same job', async () => {
  const body = { ...freshRequest(), requestId: 'first-try' };
  expect(await lab.ask('POST', COMPUTE, { body })).toMatchObject({ status: 200 });
  expect(await lab.ask('POST', COMPUTE, { body: { ...body, requestId: 'second-try' } })).toMatchObject({ status: 200 });
  const name = objectNames.workflow(body.jobId);
  expect(await lab.client.get(WORKFLOWS, { namespace: NAMESPACE, name })).toMatchObject({
    metadata: { annotations: { [ANNOTATIONS.requestId]: 'first-try' } },
  });
});

test('the longest values that are accepted make a job, and a longer one is wrong, not a failure of the cluster', async () => {
  const longest = { entrypoint: 'x'.repeat(16_384), image: `i/${'x'.repeat(950)}` };
  const withContainer = (change: object) => {
    const body = freshRequest();
    Object.assign(body.workflow.stages[0].algorithm.container, change);
    return body;
  };
  expect(await lab.ask('POST', COMPUTE, { body: withContainer(longest) })).toMatchObject({ status: 200 });
  for (const [name, value] of Object.entries(longest))
    expect(await lab.ask('POST', COMPUTE, { body: withContainer({ [name]: `${value}x` }) })).toMatchObject({
      status: 400,
      body: { code: 'WORKFLOW_INVALID', field: `workflow.stages.0.algorithm.container.${name}` },
    });
});

test('D12: a name in any script is a result like another, and hides nothing', async () => {
  const owner = `0x${'12'.repeat(20)}`;
  const name = 'итоги/模型 €.json';
  await archivedJob(owner, { 'plain.txt': 'a' });
  const { jobId } = await archivedJob(owner, { [name]: '{"w":1}' });
  const { body } = await lab.ask('GET', `${COMPUTE}?owner=${owner}`);
  const names = (body as ComputeJob[]).flatMap(({ results }) => (results || []).map(({ filename }) => filename));
  expect(names.toSorted()).toEqual(['plain.txt', name].toSorted());
  const result = await lab.ask('GET', `/api/v1/operator/getResult?jobId=${jobId}&owner=${owner}&index=0`);
  expect(result).toMatchObject({ status: 200, text: '{"w":1}' });
});

test('D13: a start that could not be stored is no success, and the same request can be sent again', async () => {
  const cluster = refusingNet();
  await using service = await lab.startService({ seams: systemSeams({ net: cluster.net }) });
  const body = freshRequest();
  cluster.refuseWrites(true);
  const refused = await lab.ask('POST', COMPUTE, { body, url: service.url });
  expect(refused.status).toBe(503);
  expect((await lab.ask('GET', `${COMPUTE}?jobId=${body.jobId}`)).body).toEqual([]);
  cluster.refuseWrites(false);
  expect(await lab.ask('POST', COMPUTE, { body, url: service.url })).toMatchObject({
    status: 200,
    body: [{ jobId: body.jobId }],
  });
});

test('D14: lists are filtered by chain, and come in pages', async () => {
  const owner = `0x${'14'.repeat(20)}`;
  const records = [];
  for (let i = 0; i < 5; i++) records.push(await archivedJob(owner));
  const list = (query: string) => lab.ask('GET', `${COMPUTE}?owner=${owner}${query}`);
  expect((await list('&chainId=8996')).body).toHaveLength(5);
  expect((await list('&chainId=1')).body).toEqual([]);
  expect(await list('&chainId=one')).toMatchObject({ status: 400, body: { code: 'CHAIN_ID_INVALID' } });
  const seen: string[] = [];
  for (let offset: string | null = '0'; offset !== null;) {
    const page = await list(`&limit=2&offset=${offset}`);
    expect((page.body as ComputeJob[]).length).toBeLessThanOrEqual(2);
    seen.push(...(page.body as ComputeJob[]).map(({ jobId }) => jobId));
    offset = page.headers.get('x-next-offset');
  }
  expect(seen.toSorted()).toEqual(records.map(({ jobId }) => jobId).toSorted());
  expect(await list('&limit=1000')).toMatchObject({ status: 400, body: { code: 'PARAMETER_INVALID', field: 'limit' } });
});

test('D15: a chain id is a number everywhere, and an environment without an engine takes no job', async () => {
  const environment = 'of-another-chain';
  const gone = 'without-an-engine';
  const alive = { holderIdentity: 'engine', leaseDurationSeconds: 600 };
  const lease = (name: string, renewTime: string) =>
    lab.client.create(LEASES, {
      metadata: { name: objectNames.environmentLease(name), namespace: NAMESPACE },
      spec: { ...alive, renewTime },
    } as never);
  for (const [name, chains] of [
    [environment, [1]],
    [gone, [8996]],
  ] as const)
    await lab.client.create(COMPUTE_ENVIRONMENTS, {
      metadata: { name, namespace: NAMESPACE },
      spec: { ...ENVIRONMENT, allowedChainIds: chains },
    } as never);
  await lease(environment, new Date(lab.seams.clock.now()).toISOString().replace('Z', '000Z'));
  await lease(gone, '2020-01-01T00:00:00.000000Z');
  const listed = async (chainId: number) =>
    ((await lab.ask('GET', `/api/v1/operator/environments?chainId=${chainId}`)).body as { id: string }[]).map(
      ({ id }) => id,
    );
  await waitUntil('the environments', async () => ((await listed(1)).length === 1 ? true : undefined), {
    clock: systemClock,
    timeoutMs: 5000,
    intervalMs: 5,
  });
  expect(await listed(1)).toEqual([environment]);
  expect(await listed(8996)).toEqual([NAMESPACE]);
  for (const name of [environment, gone])
    expect(await lab.ask('POST', COMPUTE, { body: freshRequest({ environment: name }) })).toMatchObject({
      status: 400,
      body: { code: 'ENVIRONMENT_INVALID' },
    });
});

test('D16: nothing is kept that a new instance would have to be told: it knows every job, live and ended', async () => {
  const owner = `0x${'16'.repeat(20)}`;
  const ended = await archivedJob(owner);
  const body = freshRequest({ owner });
  await lab.ask('POST', COMPUTE, { body });
  await using another = await lab.startService();
  const list = (await lab.ask('GET', `${COMPUTE}?owner=${owner}`, { url: another.url })).body as ComputeJob[];
  expect(list.map(({ jobId }) => jobId).toSorted()).toEqual([ended.jobId, body.jobId].toSorted());
  // The same request, and another one of the same agreement, meet what the first instance made.
  expect(await lab.ask('POST', COMPUTE, { body, url: another.url })).toMatchObject({
    status: 200,
    body: [{ jobId: body.jobId }],
  });
  const second = workflowRequest(lab.files.url, { owner, agreementId: body.agreementId, nonce: '2' });
  expect(await lab.ask('POST', COMPUTE, { body: second, url: another.url })).toMatchObject({
    body: { code: 'AGREEMENT_IN_USE' },
  });
});

test('D17: a storage that fails is said to have failed, and a result is called what it is called', async () => {
  const owner = `0x${'17'.repeat(20)}`;
  const { jobId } = await archivedJob(owner, { 'model.json': '{}' });
  const target = `/api/v1/operator/getResult?jobId=${jobId}&owner=${owner}&index=0`;
  expect((await lab.ask('GET', target)).headers.get('content-disposition')).toBe('attachment;filename=model.json');
  await using away = await lab.startService({ storage: { ...lab.storage, endpoint: 'http://127.0.0.1:9' } });
  const failed = await lab.ask('GET', target, { url: away.url });
  expect(failed).toMatchObject({ status: 503, body: { code: 'ARCHIVE_FAILED' } });
  expect(failed.headers.get('content-disposition')).toBeNull();
});

test('T12: results lie where nobody reads them without a key', async () => {
  const { jobId, results } = await archivedJob(`0x${'18'.repeat(20)}`, { 'model.json': '{"w":1}' });
  const key = results[0]?.key ?? '';
  const answers = await Promise.all(
    [`/results/${key}`, `/results/?list-type=2&prefix=jobs/${jobId}`].map((target) =>
      lab.seams.net.fetch(`${lab.s3.endpoint}${target}`),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([403, 403]);
  expect((await Promise.all(answers.map((answer) => answer.text()))).join()).not.toContain('"w"');
});

function recordOf(request: ReturnType<typeof workflowRequest>, results: JobRecord['results']): JobRecord {
  const at = new Date(lab.seams.clock.now()).toISOString();
  const { jobId, owner, agreementId, chainId, environment, providerAddress: provider } = request;
  const ids = { jobId, owner, provider, agreementId, chainId, environment, algorithmDid: '', inputDids: [] };
  const end = { phase: 'finished', stop: 0, createdAt: at, finishedAt: at, expiresAt: 0 } as const;
  return { version: 1, ...ids, ...end, results };
}

/** A net whose writes of WorkFlows fail while that is asked for: an API server that is there and does not store. */
function refusingNet(): { readonly net: Net; refuseWrites(refuses: boolean): void } {
  const base = createNet();
  let refuses = false;
  const net: Net = {
    ...base,
    child(options) {
      const child = base.child(options);
      const dispatcher = child.dispatcher.compose((dispatch) => (request, handler) => {
        const isWrite = request.method === 'POST' && String(request.path).includes(`/${WORKFLOWS.resource}`);
        return dispatch(refuses && isWrite ? { ...request, path: '/nowhere' } : request, handler);
      });
      return { ...child, dispatcher };
    },
  };
  return { net, refuseWrites: (value) => void (refuses = value) };
}
