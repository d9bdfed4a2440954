import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { ComputeJob } from '../../../core/protocol/job-status.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { Stage } from '../../../engine/api/names.ts';
import { objectNames, WORKFLOWS } from '../../../engine/api/names.ts';
import type { WorkFlow } from '../../../engine/api/workflow.ts';
import { CONFIG_MAPS, SECRETS } from '../../../engine/kubernetes/objects.ts';
import { operatorServiceDocument } from '../../../engine/operator-service/openapi.ts';
import type { OperatorLab } from './operator-lab.ts';
import { NAMESPACE, OTHER_PROVIDER_KEY, OWNER, startOperatorLab, STRANGER, workflowRequest } from './operator-lab.ts';

const COMPUTE = '/api/v1/operator/compute';
let lab: OperatorLab;
let counter = 0;

beforeAll(async () => {
  lab = await startOperatorLab();
});
afterAll(() => lab.stop());

/** A request of an agreement that no other test uses. */
function freshRequest(change: Parameters<typeof workflowRequest>[1] = {}) {
  const agreementId = `0x${String(++counter).padStart(64, '0')}`;
  return workflowRequest(lab.files.url, { agreementId, ...change });
}

async function startJob(change: Parameters<typeof workflowRequest>[1] = {}): Promise<ComputeJob> {
  const answer = await lab.ask('POST', COMPUTE, { body: freshRequest(change) });
  expect([answer.status, answer.text]).toEqual([200, answer.text]);
  return (answer.body as ComputeJob[])[0] as ComputeJob;
}

const workflowOf = (jobId: string) =>
  lab.client.find<WorkFlow>(WORKFLOWS, { namespace: NAMESPACE, name: objectNames.workflow(jobId) });

async function runPod(stage: Exclude<Stage, 'compute'>, token: string, volume: string): Promise<number> {
  const tokenFile = path.join(lab.folder, `token-${token}`);
  await writeFile(tokenFile, token);
  const script = path.join(import.meta.dirname, '../../../engine/pods', `${stage}.ts`);
  const { NODE_COMPILE_CACHE } = process.env;
  const env = { BROKER_URL: lab.broker.url, BROKER_TOKEN_FILE: tokenFile, VOLUME: volume, NODE_COMPILE_CACHE };
  try {
    await promisify(execFile)(process.execPath, [script], { env, timeout: 15_000 });
    return 0;
  } catch (error) {
    return (error as { code: number }).code;
  }
}

/** What the engine, the algorithm and the pods would do, up to the end of the job. */
async function finish(jobId: string, outputs: Record<string, string> = { 'model.json': '{}' }): Promise<void> {
  const volume = path.join(lab.folder, `volume-${jobId}`);
  for (const [name, content] of Object.entries({ ...outputs, '../logs/algorithm.log': 'trained\n' })) {
    const file = path.join(volume, 'outputs', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  expect(await runPod('publish', await lab.giveToken(jobId, 'publish'), volume)).toBe(0);
  await lab.patchStatus(jobId, {
    phase: 'finished',
    finishedAt: new Date(systemClock.now()).toISOString(),
    outcome: { kind: 'succeeded', reason: 'Completed', exitCode: 0 },
  });
}

const archived = (jobId: string) =>
  waitUntil('the record', async () => ((await workflowOf(jobId))?.status?.archived ? true : undefined), {
    clock: systemClock,
    timeoutMs: 5000,
    intervalMs: 5,
  });

describe('starting a job', () => {
  test('makes a WorkFlow, a Secret and a claim; nothing secret stands in the WorkFlow', async () => {
    const job = await startJob();
    expect(job).toMatchObject({ status: 1, statusText: 'Warming up', dateFinished: null, owner: OWNER, results: '' });
    const made = await workflowOf(job.jobId);
    expect(JSON.stringify(made)).not.toContain('cap-/data');
    expect(JSON.stringify(made)).not.toContain(lab.files.url);
    expect(await lab.client.find(SECRETS, { namespace: NAMESPACE, name: made?.spec.secret.name ?? '' })).toBeDefined();
  });

  test('a repeated POST finds the same job', async () => {
    const body = freshRequest();
    const first = await lab.ask('POST', COMPUTE, { body });
    const second = await lab.ask('POST', COMPUTE, { body });
    expect(second.status).toBe(200);
    expect((second.body as ComputeJob[])[0]?.jobId).toBe((first.body as ComputeJob[])[0]?.jobId);
  });

  test('E4, D11: of many starts of one agreement at the same time one becomes a job', async () => {
    const agreementId = `0x${'bb'.repeat(32)}`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        lab.ask('POST', COMPUTE, { body: workflowRequest(lab.files.url, { agreementId, nonce: String(i + 1) }) }),
      ),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    for (const answer of answers.filter((one) => one.status !== 200))
      expect(answer).toMatchObject({ status: 400, body: { code: 'AGREEMENT_IN_USE' } });
  });

  test('the agreement is free again when its job has ended', async () => {
    const agreementId = `0x${'cc'.repeat(32)}`;
    const first = await startJob({ agreementId, nonce: '1' });
    await lab.patchStatus(first.jobId, {
      phase: 'algorithmFailed',
      finishedAt: new Date(systemClock.now()).toISOString(),
    });
    expect(
      await lab.ask('POST', COMPUTE, { body: workflowRequest(lab.files.url, { agreementId, nonce: '2' }) }),
    ).toMatchObject({ status: 200 });
    await archived(first.jobId);
    expect(
      await lab.client.list(CONFIG_MAPS, {
        namespace: NAMESPACE,
        labelSelector: `oceanprotocol.com/job=${first.jobId}`,
      }),
    ).toMatchObject({ items: [] });
  });

  test.each([
    ['an unknown environment', { environment: 'nowhere' }, 400, 'ENVIRONMENT_INVALID'],
    ['a chain that the environment does not serve', { chainId: 1 }, 400, 'JOB_ID_DIFFERS'],
    ['another job id', { jobId: 'f'.repeat(32) }, 400, 'JOB_ID_DIFFERS'],
    ['another Provider’s name', { providerAddress: STRANGER }, 403, 'PROVIDER_DIFFERS'],
    ['no stage', { workflow: { stages: [] } }, 400, 'STAGES_MISSING'],
    ['a field of the wrong kind', { validUntil: 'soon' }, 400, 'WORKFLOW_INVALID'],
    ['an owner that is no address', { owner: '0x12' }, 400, 'WORKFLOW_INVALID'],
  ])('%s is refused', async (_name, change, status, code) => {
    const body = { ...freshRequest(), ...change };
    expect(await lab.ask('POST', COMPUTE, { body })).toMatchObject({ status, body: { code } });
  });
});

describe('who may ask', () => {
  test('A6: a nonce is taken once, a changed body is noticed, an unknown key is refused', async () => {
    const target = `${COMPUTE}?owner=${OWNER}`;
    const nonce = lab.nextNonce();
    expect(await lab.ask('GET', target, { nonce })).toMatchObject({ status: 200 });
    expect(await lab.ask('GET', target, { nonce })).toMatchObject({ status: 401, body: { code: 'NONCE_USED' } });
    expect(await lab.ask('GET', target, { key: `0x${'99'.repeat(32)}` })).toMatchObject({
      status: 401,
      body: { code: 'PROVIDER_NOT_ALLOWED' },
    });
    expect(await lab.ask('GET', target, { nonce: '1' })).toMatchObject({
      status: 401,
      body: { code: 'NONCE_OUT_OF_WINDOW' },
    });
    expect(await lab.ask('GET', target, { headers: { 'x-provider-signature': `0x${'00'.repeat(65)}` } })).toMatchObject(
      { body: { code: 'PROVIDER_SIGNATURE_INVALID' } },
    );
    expect(await lab.ask('GET', target, { headers: { 'x-provider-signature': '' } })).toMatchObject({
      body: { code: 'PROVIDER_SIGNATURE_MISSING' },
    });
  });

  test('A7: a Provider sees its own jobs only, running ones included', async () => {
    const job = await startJob();
    const mine = await lab.ask('GET', '/api/v1/operator/runningjobs');
    const others = await lab.ask('GET', '/api/v1/operator/runningjobs', { key: OTHER_PROVIDER_KEY });
    expect(mine.text).toContain(job.jobId);
    expect(others.body).toEqual([]);
    expect((await lab.ask('GET', `${COMPUTE}?jobId=${job.jobId}`, { key: OTHER_PROVIDER_KEY })).body).toEqual([]);
  });

  test('environments are listed with numbers as numbers', async () => {
    const { body } = await lab.ask('GET', '/api/v1/operator/environments?chainId=8996');
    expect(body).toMatchObject([{ id: NAMESPACE, priceMin: 0, maxJobs: 10, maxJobDuration: 60 }]);
    expect((await lab.ask('GET', '/api/v1/operator/environments?chainId=1')).body).toEqual([]);
  });
});

describe('the life of a job', () => {
  test('F10: inputs come through the broker, outputs go to the archive under an index, the owner downloads them', async () => {
    const { jobId } = await startJob();
    const volume = path.join(lab.folder, `volume-${jobId}`);
    await mkdir(volume);
    expect(await runPod('configure', await lab.giveToken(jobId, 'configure'), volume)).toBe(0);
    expect(await readFile(path.join(volume, 'inputs', 'd'.repeat(64), '0'), 'utf8')).toBe('recordings of a cohort');
    expect(await workflowOf(jobId)).toMatchObject({
      status: { reports: { configure: { ok: true, files: [{ verified: true }, { verified: true }] } } },
    });

    await finish(jobId, { 'model.json': '{"w":1}', 'nested/leaf.txt': 'leaf' });
    const [job] = (await lab.ask('GET', `${COMPUTE}?jobId=${jobId}`)).body as ComputeJob[];
    expect(job).toMatchObject({
      status: 70,
      results: [
        { index: 0, filename: 'model.json', filesize: 7, type: 'output' },
        { index: 1, filename: 'nested/leaf.txt', type: 'output' },
        { index: 2, filename: 'algorithm.log', type: 'algorithmLog' },
      ],
      details: { exitCode: 0, reason: 'Completed' },
    });
    const download = (index: number, owner = OWNER, headers = {}) =>
      lab.ask('GET', `/api/v1/operator/getResult?jobId=${jobId}&owner=${owner}&index=${index}`, { headers });
    expect(await download(1)).toMatchObject({ status: 200, text: 'leaf' });
    expect((await download(1)).headers.get('content-disposition')).toBe('attachment;filename=leaf.txt');
    expect(await download(0, OWNER, { range: 'bytes=2-4' })).toMatchObject({ status: 206, text: 'w":' });
    expect(await download(0, STRANGER)).toMatchObject({ status: 404, body: { code: 'JOB_NOT_FOUND' } });
    expect(await download(9)).toMatchObject({ status: 404, body: { code: 'NO_SUCH_RESULT' } });
    expect(await download(0, OWNER, { range: 'bytes=99-' })).toMatchObject({
      status: 416,
      body: { code: 'RANGE_NOT_SATISFIABLE' },
    });
  });

  test('ended jobs outlive their WorkFlow, and a repeated POST does not run them again', async () => {
    const body = freshRequest();
    const [job] = (await lab.ask('POST', COMPUTE, { body })).body as [ComputeJob];
    await finish(job.jobId);
    await archived(job.jobId);
    const name = objectNames.workflow(job.jobId);
    // As the engine does; there is none here.
    await lab.client.mergePatch(WORKFLOWS, { namespace: NAMESPACE, name }, { metadata: { finalizers: [] } });
    await lab.client.delete(WORKFLOWS, { namespace: NAMESPACE, name });
    await waitUntil('the end of the WorkFlow', async () => ((await workflowOf(job.jobId)) ? undefined : true), {
      clock: systemClock,
      timeoutMs: 2000,
    });
    const url = (await restarted()).url;
    expect((await lab.ask('GET', `${COMPUTE}?jobId=${job.jobId}&owner=${OWNER}`, { url })).body).toMatchObject([
      { status: 70, results: [{ filename: 'model.json' }, {}] },
    ]);
    expect((await lab.ask('GET', `${COMPUTE}?owner=${OWNER}`, { url })).text).toContain(job.jobId);
    expect((await lab.ask('POST', COMPUTE, { body, url })).body).toMatchObject([{ jobId: job.jobId, status: 70 }]);
    expect(await workflowOf(job.jobId)).toBeUndefined();
  });

  test('a stop is a wish in the spec, and is answered with the job', async () => {
    const { jobId } = await startJob();
    expect((await lab.ask('PUT', COMPUTE, { body: { jobId, owner: OWNER } })).body).toMatchObject([
      { jobId, stopreq: 1 },
    ]);
    expect(await workflowOf(jobId)).toMatchObject({ spec: { stopRequested: true } });
  });

  test('DELETE really deletes: listed no more, results and record gone', async () => {
    const { jobId } = await startJob();
    await finish(jobId);
    await archived(jobId);
    const answer = await lab.ask('DELETE', COMPUTE, { body: { jobId, owner: OWNER } });
    expect(answer).toMatchObject({ status: 200, text: '""' });
    expect((await lab.ask('GET', `${COMPUTE}?jobId=${jobId}`)).body).toEqual([]);
    const left: string[] = [];
    for await (const item of lab.minio.listObjectsV2('results', '', true) as AsyncIterable<{ name: string }>)
      if (item.name.includes(jobId)) left.push(item.name);
    expect(left).toEqual([]);
  });

  test('whoever listens is told of every change, the end included', async () => {
    const { jobId } = await startJob();
    const response = await listenTo(`${COMPUTE}?jobId=${jobId}`);
    await lab.patchStatus(jobId, { phase: 'runningAlgorithm' });
    const seen: number[] = [];
    for await (const job of response) {
      seen.push(job.status);
      if (job.status === 1 || seen.length > 5) continue;
      if (job.dateFinished) break;
      await lab.patchStatus(jobId, { phase: 'finished', finishedAt: new Date(systemClock.now()).toISOString() });
    }
    expect(seen.filter((status) => status !== 1)).toEqual([40, 70]);
  });
});

describe('what a pod may not do', () => {
  const withToken = (token: string, method: string, route: string, body?: string, type = 'application/json') =>
    fetch(`${lab.broker.url}${route}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      ...(body === undefined ? {} : { body }),
    });

  test('F11: a pod has a token for its own job and stage, and worth nothing when its Secret is gone', async () => {
    const { jobId } = await startJob();
    const configure = await lab.giveToken(jobId, 'configure');
    const publish = await lab.giveToken(jobId, 'publish');
    expect((await withToken(configure, 'GET', '/v1/plan')).status).toBe(200);
    expect((await withToken(publish, 'GET', '/v1/plan')).status).toBe(403);
    expect((await withToken(configure, 'PUT', '/v1/outputs/x', 'x', 'application/octet-stream')).status).toBe(403);
    expect((await withToken('guess', 'GET', '/v1/plan')).status).toBe(401);
    await lab.client.delete(SECRETS, { namespace: NAMESPACE, name: objectNames.stageToken(jobId, 'configure') });
    const status = await waitUntil(
      'the token to end',
      async () => ((await withToken(configure, 'GET', '/v1/plan')).status === 401 ? 401 : undefined),
      { clock: systemClock, timeoutMs: 2000 },
    );
    expect(status).toBe(401);
  });

  test('F5: parameters of a raw algorithm reach it', async () => {
    const body = freshRequest({ rawcode: 'return 1' });
    Object.assign(body.workflow.stages[0].algorithm, { algocustomdata: { folds: 5 } });
    const [job] = (await lab.ask('POST', COMPUTE, { body })).body as [ComputeJob];
    const plan = await (await withToken(await lab.giveToken(job.jobId, 'configure'), 'GET', '/v1/plan')).json();
    expect(plan).toMatchObject({ algorithm: { rawcode: 'return 1', files: [] }, algoCustomData: '{"folds":5}' });
  });

  test('the plan names neither address nor capability', async () => {
    const { jobId } = await startJob();
    const plan = await (await withToken(await lab.giveToken(jobId, 'configure'), 'GET', '/v1/plan')).text();
    expect(plan).not.toContain('cap-');
    expect(plan).not.toContain('127.0.0.1');
  });

  test('T4: the broker fetches only where the operator said, and follows no redirect', async () => {
    const before = lab.files.asked.length;
    const body = freshRequest();
    const file = body.workflow.stages[0].input[0]?.files[0];
    Object.assign(file ?? {}, { url: 'http://127.0.0.1:9/elsewhere' });
    const [job] = (await lab.ask('POST', COMPUTE, { body })).body as [ComputeJob];
    const elsewhere = await withToken(await lab.giveToken(job.jobId, 'configure'), 'GET', '/v1/inputs/0/0');
    expect([elsewhere.status, await elsewhere.json()]).toMatchObject([403, { code: 'PROVIDER_NOT_ALLOWED' }]);
    expect(lab.files.asked).toHaveLength(before);

    const redirected = freshRequest();
    Object.assign(redirected.workflow.stages[0].input[0]?.files[0] ?? {}, { url: `${lab.files.url}/redirect` });
    const [second] = (await lab.ask('POST', COMPUTE, { body: redirected })).body as [ComputeJob];
    expect((await withToken(await lab.giveToken(second.jobId, 'configure'), 'GET', '/v1/inputs/0/0')).status).toBe(502);
  });

  test.each(['..%2F..%2Fjobs%2Fother%2Frecord.json', 'a%2F..%2F..%2Fb', '%2Fabsolute', 'a%2F%2Fb', 'line%0Abreak'])(
    'an output named %s is refused',
    async (name) => {
      const { jobId } = await startJob();
      const answer = await withToken(
        await lab.giveToken(jobId, 'publish'),
        'PUT',
        `/v1/outputs/${name}`,
        'x',
        'application/octet-stream',
      );
      expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'OUTPUT_PATH_INVALID' }]);
    },
  );

  test('a report cannot name what was never stored', async () => {
    const { jobId } = await startJob();
    const token = await lab.giveToken(jobId, 'publish');
    const files = [{ path: 'ghost', bytes: 3, sha256: '0'.repeat(64), type: 'output' }];
    const answer = await withToken(
      token,
      'POST',
      '/v1/report',
      JSON.stringify({ stage: 'publish', report: { ok: true, published: 1, refused: [], files } }),
    );
    expect([answer.status, await answer.json()]).toMatchObject([409, { code: 'REPORT_DIFFERS' }]);
    expect((await withToken(token, 'POST', '/v1/report', '{"stage":"publish"}')).status).toBe(400);
  });
});

async function restarted() {
  const service = await lab.startService();
  services.push(service);
  return service;
}
const services: { stop(): Promise<void> }[] = [];
afterAll(() => Promise.all(services.map((service) => service.stop())));

async function listenTo(target: string): Promise<AsyncIterable<ComputeJob>> {
  const { signOperatorRequest } = await import('../../../core/protocol/operator-auth.ts');
  const { addressOfPrivateKey } = await import('../../../core/protocol/signing.ts');
  const { PROVIDER_KEY } = await import('./operator-lab.ts');
  const signed = signOperatorRequest(
    { method: 'GET', target, body: '', nonce: lab.nextNonce() },
    PROVIDER_KEY,
    addressOfPrivateKey(PROVIDER_KEY),
  );
  const response = await fetch(`${lab.service.url}${target}`, { headers: { ...signed, accept: 'text/event-stream' } });
  return (async function* () {
    let text = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (data) yield JSON.parse(data) as ComputeJob;
      }
    }
  })();
}

test('the OpenAPI document is served, and knows every route', async () => {
  const response = await fetch(`${lab.service.url}/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, object> };
  expect(Object.keys(paths)).toEqual(Object.keys(operatorServiceDocument().paths));
  expect(lab.answers.seen.get('POST /api/v1/operator/compute 200')).toBeGreaterThan(0);
});
