import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { ComputeJob } from '../../../core/protocol/job-status.ts';
import { objectNames, WORKFLOWS } from '../../../engine/api/names.ts';
import type { WorkFlow } from '../../../engine/api/workflow.ts';
import { createArchive } from '../../../engine/archive/archive.ts';
import type { OperatorLab } from './operator-lab.ts';
import { NAMESPACE, OWNER, startOperatorLab, workflowRequest } from './operator-lab.ts';

const COMPUTE = '/api/v1/operator/compute';
let lab: OperatorLab;

beforeAll(async () => {
  lab = await startOperatorLab();
});
afterAll(() => lab.stop());

test.each([
  ['warmingUp', false],
  ['configuringVolumes', false],
  ['provisioned', false],
  ['runningAlgorithm', false],
  ['publishingResults', false],
  ['finished', true],
  ['algorithmFailed', true],
  ['stopped', true],
] as const)('E6: stop and delete of a job that is %s', async (phase, hasEnded) => {
  const jobId = await startJob(phase);
  const finishedAt = new Date(systemClock.now()).toISOString();
  await lab.patchStatus(jobId, { phase, ...(hasEnded ? { finishedAt } : {}) });
  const stopped = await lab.ask('PUT', COMPUTE, { body: { jobId, owner: OWNER } });
  expect(stopped).toMatchObject({ status: 200, body: [{ jobId, stopreq: hasEnded ? 0 : 1 }] });
  const workflow = await workflowOf(jobId);
  expect(workflow?.spec.stopRequested ?? false).toBe(!hasEnded);
  const deleted = await lab.ask('DELETE', COMPUTE, { body: { jobId, owner: OWNER } });
  expect(deleted).toMatchObject({ status: 200, text: '""' });
  expect((await lab.ask('GET', `${COMPUTE}?jobId=${jobId}`)).body).toEqual([]);
  expect((await lab.ask('PUT', COMPUTE, { body: { jobId, owner: OWNER } })).body).toEqual([]);
});

describe('what pod-publish stores after the end, before it is gone', () => {
  test('goes with a job that was deleted', async () => {
    const { jobId, publish } = await publishingJob('deleted');
    await lab.ask('DELETE', COMPUTE, { body: { jobId, owner: OWNER } });
    await lab.writeStatus(jobId, { phase: 'stopped', finishedAt: now() });
    await publish();
    await lab.writeStatus(jobId, { cleanedAt: now() });
    await archived(jobId);
    expect(await keysOf(jobId)).toEqual([]);
  });

  test('goes with a job that is deleted when it has ended', async () => {
    const { jobId, publish } = await publishingJob('ended');
    await lab.writeStatus(jobId, { phase: 'stopped', finishedAt: now() });
    await publish();
    await lab.ask('DELETE', COMPUTE, { body: { jobId, owner: OWNER } });
    // At once, also where a pod on a silent node keeps the engine from cleaning up.
    expect(await keysOf(jobId)).toEqual([]);
    await publish();
    await lab.writeStatus(jobId, { cleanedAt: now() });
    await archived(jobId);
    expect(await keysOf(jobId)).toEqual([]);
  });

  test('is in the record of a job that was stopped, as in its status', async () => {
    const { jobId, publish } = await publishingJob('stopped');
    await lab.writeStatus(jobId, { phase: 'stopped', finishedAt: now() });
    await publish();
    const listed = (await workflowOf(jobId))?.status?.results;
    expect(listed).toMatchObject([{ filename: 'late.txt' }]);
    await lab.writeStatus(jobId, { cleanedAt: now() });
    await archived(jobId);
    const archive = await createArchive({ ...lab.storage, net: lab.seams.net });
    expect(await archive.getRecord(jobId)).toMatchObject({ phase: 'stopped', results: listed });
  });
});

const now = (): string => new Date(systemClock.now()).toISOString();

async function startJob(label: string): Promise<string> {
  const agreementId = `0x${Buffer.from(label).toString('hex').padEnd(64, '0')}`;
  const body = workflowRequest(lab.files.url, { agreementId });
  const [{ jobId }] = (await lab.ask('POST', COMPUTE, { body })).body as [ComputeJob];
  return jobId;
}

async function publishingJob(label: string): Promise<{ jobId: string; publish: () => Promise<void> }> {
  const jobId = await startJob(`late ${label}`);
  const token = await lab.giveToken(jobId, 'publish');
  await lab.patchStatus(jobId, { phase: 'publishingResults' });
  const send = async (method: string, route: string, type: string, body: string): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const answer = await fetch(`${lab.broker.url}${route}`, { method, headers, body });
    expect(answer.status).toBe(200);
    return answer;
  };
  const publish = async (): Promise<void> => {
    const stored = await send('PUT', '/v1/outputs/late.txt', 'application/octet-stream', 'late');
    const { sha256 } = (await stored.json()) as { sha256: string };
    const files = [{ path: 'late.txt', bytes: 4, sha256, type: 'output' }];
    const report = { ok: true, published: 1, notPublished: 0, refused: [], files };
    await send('POST', '/v1/report', 'application/json', JSON.stringify({ stage: 'publish', report }));
  };
  return { jobId, publish };
}

function workflowOf(jobId: string): Promise<WorkFlow | undefined> {
  return lab.client.find<WorkFlow>(WORKFLOWS, { namespace: NAMESPACE, name: objectNames.workflow(jobId) });
}

async function archived(jobId: string): Promise<void> {
  const isSo = async (): Promise<true | undefined> => ((await workflowOf(jobId))?.status?.archived ? true : undefined);
  await waitUntil('the archiver', isSo, { clock: systemClock, timeoutMs: 5000, intervalMs: 5 });
}

async function keysOf(jobId: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { name } of lab.minio.listObjectsV2('results', '', true) as AsyncIterable<{ name: string }>)
    if (name.includes(jobId)) keys.push(name);
  return keys;
}
