import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { createNet } from '../../../core/net.ts';
import { signMessage } from '../../../core/protocol/signing.ts';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import { statusMessage } from '../../../provider/routes/compute-status.ts';
import type { Account } from '../../actors/account.ts';
import type { Consumer } from '../../actors/consumer.ts';
import { createConsumer } from '../../actors/create-consumer.ts';
import { OutsideHttp } from '../../actors/outside-http.ts';
import type { Payments } from '../../actors/payments.ts';
import { ProviderClient } from '../../actors/provider-client.ts';
import type { Party, ProviderLab, PublishedAsset } from './provider-lab.ts';
import { consumerOf, exchange, startProviderLab } from './provider-lab.ts';

const net = createNet();
let lab: ProviderLab;
let dataset: PublishedAsset;
let algorithm: PublishedAsset;

beforeAll(async () => {
  lab = await startProviderLab({ limits: { heartbeatMs: 40 } });
  lab.files.set('eeg.csv', 'a,b\n');
  lab.files.set('algo.js', 'run()');
  algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
  dataset = await lab.publish({ type: 'dataset', files: ['eeg.csv'] });
});
afterAll(async () => {
  await net.close();
  await lab.stop();
});

/** Of an actor what asks a Provider alone. */
function actorOf({ address, privateKey }: Party): Consumer {
  const http = new OutsideHttp({ net, who: 'actor' });
  const provider = new ProviderClient({ http, providerUrl: lab.provider().url, address, privateKey });
  return createConsumer({ account: { address } as Account, provider, payments: {} as Payments, clock: systemClock });
}

async function startJob(): Promise<string> {
  const buyer = consumerOf(lab, lab.buyer);
  const { body } = await buyer.initializeCompute(buyer.element(dataset), buyer.element(algorithm));
  const quote = body as unknown as { datasets: [{ providerFee: unknown }]; algorithm: { providerFee: unknown } };
  const datasetTx = await buyer.order(dataset, quote.datasets[0].providerFee);
  const algorithmTx = await buyer.order(algorithm, quote.algorithm.providerFee);
  const started = await buyer.start(buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx));
  expect(started).toMatchObject({ status: 200 });
  return (started.body[0] as { jobId: string }).jobId;
}

const RESULTS = [{ index: 0, filename: 'subject-7.json', filesize: 9, type: 'output' }] as const;

describe('status', () => {
  test("A11: without a signature no file name is told; with the owner's it is", async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const jobId = await startJob();
    lab.operator.moveTo(jobId, 'finished', RESULTS);
    const query = `consumerAddress=${lab.buyer.address}&jobId=${jobId}`;
    const open = await exchange(buyer.api(`compute?${query}`));
    expect(open.body).toMatchObject([
      { jobId, status: 70, dateFinished: '2', results: [{ index: 0, filesize: 9, type: 'output' }] },
    ]);
    expect(JSON.stringify(open.body)).not.toContain('subject-7');
    const signed = async (party: Party) => {
      const nonce = String(1000 + Number(await buyer.nextNonce()));
      const signature = signMessage(statusMessage(lab.buyer.address, jobId, nonce), party.privateKey);
      return exchange(buyer.api(`compute?${query}&nonce=${nonce}&signature=${signature}`));
    };
    expect((await signed(lab.buyer)).body).toMatchObject([{ results: RESULTS }]);
    expect(await signed(lab.stranger)).toMatchObject({ status: 400, body: { code: 'SIGNATURE_INVALID' } });
  });

  test('agreementId and documentId do not filter: clients send them in several forms', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const jobId = await startJob();
    const { body } = await exchange(
      buyer.api(`compute?consumerAddress=${lab.buyer.address}&jobId=${jobId}&agreementId=${dataset.did}`),
    );
    expect(body).toMatchObject([{ jobId }]);
  });

  test('a consumer is told of changes as they happen', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const jobId = await startJob();
    const cut = new AbortController();
    const response = await fetch(buyer.api(`compute?consumerAddress=${lab.buyer.address}&jobId=${jobId}`), {
      headers: { accept: 'text/event-stream' },
      signal: cut.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    const until = async (wanted: string): Promise<void> => {
      while (!seen.includes(wanted)) seen += (await reader?.read())?.value ?? '';
    };
    await until('"status":1,');
    lab.operator.moveTo(jobId, 'runningAlgorithm');
    await until('"status":40,');
    lab.operator.moveTo(jobId, 'finished', RESULTS);
    await until('"status":70,');
    await until(': heartbeat');
    expect(seen).not.toContain('subject-7');
    cut.abort();
  });
});

describe('stop and delete', () => {
  const send = (method: string, body: Record<string, unknown>) =>
    exchange(consumerOf(lab, lab.buyer).api('compute'), { method, body });

  test('A14: a stop as ocean.js signs it, without the nonce, stops its job and moves no nonce', async () => {
    const jobId = await startJob();
    const consumerAddress = lab.buyer.address;
    const signature = signMessage(
      signedMessages.computeStopWithoutNonce({ consumerAddress, jobId }),
      lab.buyer.privateKey,
    );
    const before = await consumerOf(lab, lab.buyer).nextNonce();
    const stopped = await send('PUT', {
      consumerAddress,
      jobId,
      signature,
      nonce: '9000000000000000',
      agreementId: '',
    });
    expect(stopped).toMatchObject({ status: 200, body: [{ jobId, stopreq: 1 }] });
    expect(await consumerOf(lab, lab.buyer).nextNonce()).toBe(before);
    const forged = signMessage(
      signedMessages.computeStopWithoutNonce({ consumerAddress, jobId }),
      lab.stranger.privateKey,
    );
    expect(await send('PUT', { consumerAddress, jobId, signature: forged, nonce: '9' })).toMatchObject({
      status: 400,
      body: { code: 'SIGNATURE_INVALID' },
    });
  });

  test('a stop with dataset and nonce, as older clients send it, is good for one time', async () => {
    const jobId = await startJob();
    const consumerAddress = lab.buyer.address;
    const nonce = await consumerOf(lab, lab.buyer).nextNonce();
    const signature = signMessage(
      signedMessages.computeChange({ consumerAddress, jobId, documentId: dataset.did, nonce }),
      lab.buyer.privateKey,
    );
    const body = { consumerAddress, jobId, documentId: dataset.did, nonce, signature };
    expect((await send('PUT', body)).status).toBe(200);
    expect(await send('PUT', body)).toMatchObject({ status: 400, body: { code: 'NONCE_NOT_GREATER' } });
  });

  test('A5: a stop of everything is no text that an AuthToken signs', async () => {
    const consumerAddress = lab.buyer.address;
    const nonce = await consumerOf(lab, lab.buyer).nextNonce();
    const signature = signMessage(signedMessages.authToken(consumerAddress, nonce), lab.buyer.privateKey);
    expect(await send('PUT', { consumerAddress, nonce, signature })).toMatchObject({
      status: 400,
      body: { code: 'JOB_ID_MISSING' },
    });
  });

  test("A5: a result's address neither stops nor deletes its job, used or not", async () => {
    const jobId = await startJob();
    const buyer = consumerOf(lab, lab.buyer);
    const consumerAddress = lab.buyer.address;
    const signatureOf = (index: string, nonce: string): string =>
      signMessage(signedMessages.computeResult(consumerAddress, jobId, index, nonce), lab.buyer.privateKey);
    const nonce = await buyer.nextNonce();
    const forgeries = [
      { documentId: '0', nonce, signature: signatureOf('0', nonce) },
      { nonce: `1${nonce}`, signature: signatureOf('1', nonce) },
      { documentId: '', nonce: `1${nonce}`, signature: signatureOf('1', nonce) },
    ];
    for (const forged of forgeries) {
      for (const method of ['PUT', 'DELETE']) {
        expect(await send(method, { consumerAddress, jobId, ...forged })).toMatchObject({
          status: 400,
          body: { code: 'SIGNATURE_INVALID' },
        });
      }
    }
    // As ocean.js sends a delete: the nonce that is meant is the stored one plus 1.
    const unsent = { consumerAddress, jobId, signature: signatureOf('', nonce) };
    expect(await send('DELETE', unsent)).toMatchObject({
      status: 400,
      body: { code: 'SIGNATURE_INVALID' },
    });
    expect(lab.operator.jobs.get(jobId)).toMatchObject({ stopreq: 0 });
  });

  test('an actor stops and deletes its own job, and not that of another', async () => {
    const jobId = await startJob();
    const buyer = actorOf(lab.buyer);
    const ofBuyer = { fields: { consumerAddress: lab.buyer.address } };
    const refusal = { ok: false, refusal: { status: 400, code: 'SIGNATURE_INVALID' } };
    expect(await actorOf(lab.stranger).stopCompute(jobId, ofBuyer)).toMatchObject(refusal);
    expect(await buyer.stopCompute(jobId)).toMatchObject({ ok: true, value: [{ jobId, stopreq: 1 }] });
    expect(await actorOf(lab.stranger).deleteCompute(jobId, ofBuyer)).toMatchObject(refusal);
    expect(await buyer.deleteCompute(jobId)).toEqual({ ok: true, value: '' });
    expect(lab.operator.jobs.has(jobId)).toBe(false);
  });

  test('A14: a delete as ocean.js sends it, without the nonce it signed, really deletes, once', async () => {
    const jobId = await startJob();
    const consumerAddress = lab.buyer.address;
    const nonce = await consumerOf(lab, lab.buyer).nextNonce();
    const signature = signMessage(
      signedMessages.computeChange({ consumerAddress, jobId, documentId: dataset.did, nonce }),
      lab.buyer.privateKey,
    );
    const body = { consumerAddress, jobId, documentId: dataset.did, signature };
    expect(await send('DELETE', body)).toEqual({ status: 200, body: '' });
    expect(lab.operator.jobs.has(jobId)).toBe(false);
    expect(await send('DELETE', body)).toMatchObject({ status: 400, body: { code: 'SIGNATURE_INVALID' } });
  });
});

describe('results', () => {
  test('S12: the owner downloads, nobody else does, and an address works once', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const jobId = await startJob();
    lab.operator.moveTo(jobId, 'finished', RESULTS);
    const urlFor = async (party: Party): Promise<string> => {
      const consumerAddress = party.address;
      const nonce = await consumerOf(lab, party).nextNonce();
      const signature = signMessage(signedMessages.computeResult(consumerAddress, jobId, '0', nonce), party.privateKey);
      return buyer.api(
        `computeResult?${new URLSearchParams({ consumerAddress, jobId, index: '0', nonce, signature })}`,
      );
    };
    const url = await urlFor(lab.buyer);
    const response = await fetch(url);
    expect(await response.text()).toBe('{"w":[1]}');
    expect(/attachment;filename=(.+)/.exec(response.headers.get('content-disposition') ?? '')?.[1]).toBe('model.json');
    expect(response.headers.get('access-control-expose-headers')).toContain('Content-Disposition');
    expect((await exchange(url)).body).toMatchObject({ code: 'NONCE_NOT_GREATER' });
    expect(await exchange(await urlFor(lab.stranger))).toMatchObject({
      status: 404,
      body: { code: 'OPERATOR_REFUSED', error: 'No such result.' },
    });
  });

  test('come in whole or in part, with the type that their name says', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const jobId = await startJob();
    lab.operator.moveTo(jobId, 'finished', RESULTS);
    const read = async (headers: Record<string, string> = {}, index = '0'): Promise<Response> => {
      const consumerAddress = lab.buyer.address;
      const nonce = await buyer.nextNonce();
      const message = signedMessages.computeResult(consumerAddress, jobId, index, nonce);
      const signature = signMessage(message, lab.buyer.privateKey);
      const query = new URLSearchParams({ consumerAddress, jobId, index, nonce, signature });
      return fetch(buyer.api(`computeResult?${query}`), { headers });
    };
    const whole = await read();
    expect(whole.headers.get('content-type')).toBe('application/json');
    expect([whole.headers.get('content-length'), await whole.text()]).toEqual(['9', '{"w":[1]}']);
    const part = await read({ range: 'bytes=2-4' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/9', 'w":']);
    const behind = await read({ range: 'bytes=9-12' });
    expect([behind.status, behind.headers.get('content-range'), await behind.text()]).toEqual([416, 'bytes */9', '']);
    const odd = await read({}, '-1');
    expect([odd.status, await odd.json()]).toMatchObject([400, { code: 'INVALID_REQUEST', field: 'index' }]);
  });

  test('a probe with HEAD burns no nonce', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    expect((await fetch(buyer.api('computeResult?x=1'), { method: 'HEAD' })).status).toBe(405);
    expect((await fetch(buyer.api('download?x=1'), { method: 'HEAD' })).status).toBe(405);
    const consumerAddress = lab.buyer.address;
    const nonce = await buyer.nextNonce();
    const signature = signMessage(statusMessage(consumerAddress, undefined, nonce), lab.buyer.privateKey);
    const status = buyer.api(`compute?${new URLSearchParams({ consumerAddress, nonce, signature })}`);
    expect((await fetch(status, { method: 'HEAD' })).status).toBe(405);
    expect(await buyer.nextNonce()).toBe(nonce);
    expect((await fetch(status)).status).toBe(200);
  });
});

test('environments by chain id, with prices as numbers and a fee token', async () => {
  const { body } = await exchange(consumerOf(lab, lab.buyer).api('computeEnvironments'));
  const list = (body as Record<string, unknown>)['8996'] as { priceMin: unknown; feeToken: string }[];
  expect(list.find(({ priceMin }) => priceMin === 0)).toMatchObject({ id: 'free', feeToken: lab.addresses.Ocean });
});

describe('quirks', () => {
  test('public-file-names and delete-keeps-results do as their names say', async () => {
    const jobId = await startJob();
    await lab.killAndRestart({ quirks: ['public-file-names', 'delete-keeps-results'] });
    const buyer = consumerOf(lab, lab.buyer);
    const info = await exchange(buyer.api('fileinfo'), { body: { did: dataset.did, serviceId: 'svc-1' } });
    expect(info.body).toMatchObject([{ valid: true, filename: 'eeg.csv', contentType: 'text/csv' }]);
    const consumerAddress = lab.buyer.address;
    const nonce = await buyer.nextNonce();
    const message = signedMessages.computeChange({ consumerAddress, jobId, documentId: dataset.did, nonce });
    const signature = signMessage(message, lab.buyer.privateKey);
    const body = { consumerAddress, jobId, documentId: dataset.did, nonce, signature };
    expect(await exchange(buyer.api('compute'), { method: 'DELETE', body })).toMatchObject({ status: 200, body: '' });
    expect(lab.operator.jobs.has(jobId)).toBe(true);
    await lab.killAndRestart();
  });
});
