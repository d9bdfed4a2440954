import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStateDatabase } from '../../../provider/stores/database.ts';
import { createUsageLedger } from '../../../provider/stores/usage-ledger.ts';
import type { ProviderLab, PublishedAsset } from './provider-lab.ts';
import { consumerOf, startProviderLab } from './provider-lab.ts';

let lab: ProviderLab;
let dataset: PublishedAsset;
let algorithm: PublishedAsset;

beforeAll(async () => {
  lab = await startProviderLab();
  lab.files.set('eeg.csv', 'a,b\n');
  lab.files.set('algo.js', 'run()');
  algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
  dataset = await lab.publish({ type: 'dataset', files: ['eeg.csv'] });
});
afterAll(() => lab.stop());

async function orderedJob() {
  const buyer = consumerOf(lab, lab.buyer);
  const { body } = await buyer.initializeCompute(buyer.element(dataset), buyer.element(algorithm));
  const quote = body as unknown as { datasets: [{ providerFee: unknown }]; algorithm: { providerFee: unknown } };
  const datasetTx = await buyer.order(dataset, quote.datasets[0].providerFee);
  const algorithmTx = await buyer.order(algorithm, quote.algorithm.providerFee);
  return (nonce?: string) =>
    buyer.start(
      buyer.element(dataset, datasetTx),
      buyer.element(algorithm, algorithmTx),
      nonce === undefined ? {} : { nonce },
    );
}

const jobIdOf = (answer: { body: unknown[] }): string => (answer.body[0] as { jobId: string }).jobId;

/** The request's connection dies with the Provider: its answer, if any, is of no interest. */
const lost = (request: Promise<unknown>): Promise<unknown> => request.catch(() => 'lost');

describe('a Provider that is killed', () => {
  test('before the Operator Service got the job: the run is given back and the order starts another', async () => {
    const start = await orderedJob();
    const reached = Promise.withResolvers<void>();
    lab.operator.beforeStart = () => {
      reached.resolve();
      return new Promise((_resolve, reject) => (reject as (error: Error) => void)(new Error('cut')));
    };
    const before = lab.operator.started.length;
    const request = lost(start());
    await reached.promise;
    await lab.killAndRestart();
    await request;
    lab.operator.beforeStart = () => undefined;
    await lab.provider().reconciled;
    expect(await start()).toMatchObject({ status: 200 });
    expect(lab.operator.started.length).toBe(before + 1);
  });

  test('after the Operator Service got the job: the order is in use, and the same request finds the job', async () => {
    const start = await orderedJob();
    const nonce = await consumerOf(lab, lab.buyer).nextNonce();
    const arrived = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    lab.operator.beforeStart = async () => {
      arrived.resolve();
      await release.promise;
    };
    const before = lab.operator.started.length;
    const request = lost(start(nonce));
    await arrived.promise;
    lab.operator.beforeStart = () => undefined;
    const restarted = lab.killAndRestart();
    release.resolve();
    await restarted;
    await request;
    await lab.provider().reconciled;
    expect(lab.operator.started.length).toBe(before + 1);
    const jobId = lab.operator.started.at(-1)?.jobId ?? '';
    const again = await start(nonce);
    expect(again).toMatchObject({ status: 200 });
    expect(jobIdOf(again)).toBe(jobId);
    expect(await start()).toMatchObject({ status: 400, body: { code: 'ORDER_IN_USE' } });
    expect(lab.operator.started.length).toBe(before + 1);
    lab.operator.moveTo(jobId, 'interrupted');
    expect(await start()).toMatchObject({ status: 200 });
  });

  test('under an Operator Service that was killed: the same request, sent again, hands the job over', async () => {
    const start = await orderedJob();
    const nonce = await consumerOf(lab, lab.buyer).nextNonce();
    lab.operator.beforeStart = () => Promise.reject(new Error('cut'));
    expect(await start(nonce)).toMatchObject({ status: 502, body: { code: 'OPERATOR_UNREACHABLE' } });
    lab.operator.beforeStart = () => undefined;
    const before = lab.operator.started.length;
    const again = await start(nonce);
    expect(again).toMatchObject({ status: 200 });
    expect(lab.operator.started.slice(before).map(({ jobId }) => jobId)).toEqual([jobIdOf(again)]);
    expect(jobIdOf(await start(nonce))).toBe(jobIdOf(again));
    expect(lab.operator.started.length).toBe(before + 1);
  });

  test('while the Operator Service is half-way through the start: the run stays, and the same request goes on', async () => {
    const start = await orderedJob();
    const nonce = await consumerOf(lab, lab.buyer).nextNonce();
    const { promise: jobId, resolve } = Promise.withResolvers<string>();
    lab.operator.beforeStart = (workflow) => {
      resolve(workflow.jobId);
      throw new Error('cut');
    };
    await start(nonce);
    lab.operator.beforeStart = () => undefined;
    lab.operator.unfinished.add(await jobId);
    await lab.killAndRestart();
    await lab.provider().reconciled;
    expect(await start()).toMatchObject({ status: 400, body: { code: 'ORDER_IN_USE' } });
    const again = await start(nonce);
    expect(again).toMatchObject({ status: 200 });
    expect(jobIdOf(again)).toBe(await jobId);
  });

  test('whose half-way start nobody sends again: the order is free once its time is over', async () => {
    const start = await orderedJob();
    const { promise: jobId, resolve } = Promise.withResolvers<string>();
    lab.operator.beforeStart = (workflow) => {
      resolve(workflow.jobId);
      throw new Error('cut');
    };
    await start();
    lab.operator.beforeStart = () => undefined;
    lab.operator.unfinished.add(await jobId);
    expect(await start()).toMatchObject({ status: 400, body: { code: 'ORDER_IN_USE' } });
    lab.operator.unfinished.clear();
    expect(await start()).toMatchObject({ status: 200 });
  });

  test('with its run given back meanwhile: the same request starts nothing', async () => {
    const start = await orderedJob();
    const nonce = await consumerOf(lab, lab.buyer).nextNonce();
    lab.operator.beforeStart = () => Promise.reject(new Error('cut'));
    await start(nonce);
    lab.operator.beforeStart = () => undefined;
    await lab.killAndRestart();
    await lab.provider().reconciled;
    const before = lab.operator.started.length;
    expect(await start(nonce)).toMatchObject({ status: 400, body: { code: 'NONCE_NOT_GREATER' } });
    expect(lab.operator.started.length).toBe(before);
    expect(await start()).toMatchObject({ status: 200 });
  });

  test('nonces that were used before are used after', async () => {
    const start = await orderedJob();
    const nonce = await consumerOf(lab, lab.buyer).nextNonce();
    await start(nonce);
    await lab.killAndRestart();
    expect(await consumerOf(lab, lab.buyer).nextNonce()).toBe(String(Number(nonce) + 1));
    const other = await orderedJob();
    expect(await other(nonce)).toMatchObject({ status: 400, body: { code: 'NONCE_NOT_GREATER' } });
  });

  test('capabilities of a running job work with the next Provider', async () => {
    const start = await orderedJob();
    await start();
    const file = lab.operator.started.at(-1)?.workflow.stages[0].input[0]?.files[0];
    await lab.killAndRestart();
    const response = await fetch(`${lab.provider().url}/api/services/input`, {
      headers: { authorization: `Bearer ${file?.capability ?? ''}` },
    });
    expect([response.status, await response.text()]).toEqual([200, 'a,b\n']);
  });
});

describe('concurrent starts of one order', () => {
  test('exactly one of five gets the run', async () => {
    const start = await orderedJob();
    const first = Number(await consumerOf(lab, lab.buyer).nextNonce());
    const before = lab.operator.started.length;
    const answers = await Promise.all([0, 1, 2, 3, 4].map((i) => start(String(first + i))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(lab.operator.started.length).toBe(before + 1);
    const codes = answers.filter(({ status }) => status !== 200).map(({ body }) => (body as { code?: string }).code);
    for (const code of codes) expect(['ORDER_IN_USE', 'NONCE_NOT_GREATER']).toContain(code);
  });
});

test('a start that is on its way keeps its order, although nobody knows its job yet', async () => {
  const start = await orderedJob();
  const arrived = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  lab.operator.beforeStart = async () => {
    arrived.resolve();
    await release.promise;
  };
  const first = start();
  await arrived.promise;
  lab.operator.beforeStart = () => undefined;
  const second = await start();
  release.resolve();
  expect(second).toMatchObject({ status: 400, body: { code: 'ORDER_IN_USE' } });
  expect(await first).toMatchObject({ status: 200 });
});

test.each([
  [
    'a refusal is relayed',
    400,
    { error: 'Environment is full.', code: 'ENVIRONMENT_FULL' },
    { status: 400, body: { code: 'ENVIRONMENT_FULL' } },
  ],
  [
    'a refusal of this Provider is our own fault',
    401,
    { error: 'unknown provider' },
    { status: 502, body: { code: 'OPERATOR_UNREACHABLE' } },
  ],
])('%s, and the order is free again at once', async (_name, status, body, expected) => {
  const start = await orderedJob();
  lab.operator.refusal = { status, body };
  expect(await start()).toMatchObject(expected);
  lab.operator.refusal = undefined;
  const database = openStateDatabase(lab.stateFile);
  expect(createUsageLedger(database).unsettled()).toEqual([]);
  database.close();
  expect(await start()).toMatchObject({ status: 200 });
});
