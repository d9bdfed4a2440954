import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { ComputeJob } from '../../../core/protocol/job-status.ts';
import { objectNames, WORKFLOWS } from '../../../engine/api/names.ts';
import type { WorkFlow } from '../../../engine/api/workflow.ts';
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
  const body = workflowRequest(lab.files.url, {
    agreementId: `0x${Buffer.from(phase).toString('hex').padEnd(64, '0')}`,
  });
  const [{ jobId }] = (await lab.ask('POST', COMPUTE, { body })).body as [ComputeJob];
  const finishedAt = new Date(systemClock.now()).toISOString();
  await lab.patchStatus(jobId, { phase, ...(hasEnded ? { finishedAt } : {}) });
  const stopped = await lab.ask('PUT', COMPUTE, { body: { jobId, owner: OWNER } });
  expect(stopped).toMatchObject({ status: 200, body: [{ jobId, stopreq: hasEnded ? 0 : 1 }] });
  const name = objectNames.workflow(jobId);
  const workflow = await lab.client.find<WorkFlow>(WORKFLOWS, { namespace: NAMESPACE, name });
  expect(workflow?.spec.stopRequested ?? false).toBe(!hasEnded);
  const deleted = await lab.ask('DELETE', COMPUTE, { body: { jobId, owner: OWNER } });
  expect(deleted).toMatchObject({ status: 200, text: '""' });
  expect((await lab.ask('GET', `${COMPUTE}?jobId=${jobId}`)).body).toEqual([]);
  expect((await lab.ask('PUT', COMPUTE, { body: { jobId, owner: OWNER } })).body).toEqual([]);
});
