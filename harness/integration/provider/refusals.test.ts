import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signMessage } from '../../../core/protocol/signing.ts';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import { downloadsOf } from './downloads.ts';
import type { ProviderLab, PublishedAsset } from './provider-lab.ts';
import { CONTAINER, consumerOf, exchange, startProviderLab } from './provider-lab.ts';

const TX = `0x${'12'.repeat(32)}`;

let lab: ProviderLab;
let dataset: PublishedAsset;
let algorithm: PublishedAsset;

beforeAll(async () => {
  lab = await startProviderLab();
  lab.files.set('a.csv', 'subject,rt\n');
  lab.files.set('algo.js', 'run()');
  dataset = await lab.publish({ type: 'dataset', files: ['a.csv'] });
  algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
});
afterAll(() => lab.stop());

const api = (route: string): string => consumerOf(lab, lab.buyer).api(route);

describe('a quote for a job', () => {
  const good = () => ({
    datasets: [{ documentId: dataset.did, serviceId: 'svc-1' }],
    algorithm: { documentId: algorithm.did, serviceId: 'svc-1' },
    compute: { env: 'free', validUntil: 4_000_000_000 } as Record<string, unknown>,
    consumerAddress: lab.buyer.address,
  });
  const ask = (changes: object) => exchange(api('initializeCompute'), { body: { ...good(), ...changes } });

  test('is given; each of these is not', async () => {
    expect((await ask({})).status).toBe(200);
  });

  test.each([undefined, 'tomorrow', 1, 1.5, null, { a: 1 }])('P4: until %j', async (validUntil) => {
    expect(await ask({ compute: { env: 'free', validUntil } })).toMatchObject({
      status: 400,
      body: { error: 'The validUntil value is not correct.', code: 'VALID_UNTIL_INVALID' },
    });
  });

  test('for no environment, and for one that is not there', async () => {
    const validUntil = 4_000_000_000;
    expect((await ask({ compute: { validUntil } })).body).toMatchObject({ code: 'ENVIRONMENT_MISSING' });
    expect((await ask({ compute: { env: 'none', validUntil } })).body).toMatchObject({
      error: 'Compute environment does not exist',
      code: 'ENVIRONMENT_UNKNOWN',
    });
  });

  test.each([
    ['documentId', 'dataset.documentId', 'missing'],
    ['serviceId', 'dataset.serviceId', 'missing'],
  ])('D9: of a dataset without %s', async (name, field, classic) => {
    const [whole] = good().datasets;
    expect(await ask({ datasets: [{ ...whole, [name]: undefined }] })).toMatchObject({
      status: 400,
      body: { error: { [field]: classic }, code: 'DATASET_MISSING', field },
    });
  });

  test.each([[{}], [{ documentId: '' }], [{ meta: null }]])('D9: with %j for an algorithm', async (given) => {
    expect(await ask({ algorithm: given })).toMatchObject({
      status: 400,
      body: { error: { algorithm: 'missing_meta_documentId' }, code: 'ALGORITHM_MISSING' },
    });
  });

  test('with a dataset for an algorithm, an unknown one, and one without its service', async () => {
    const { did } = dataset;
    expect((await ask({ algorithm: { documentId: did, serviceId: 'svc-1' } })).body).toMatchObject({
      error: { algorithm: 'not_algo' },
      code: 'ALGORITHM_TYPE',
    });
    const unknown = `did:op:${'0'.repeat(64)}`;
    expect((await ask({ algorithm: { documentId: unknown, serviceId: 'svc-1' } })).body).toMatchObject({
      error: { algorithm: 'did_not_found' },
      code: 'DID_NOT_FOUND',
    });
    expect((await ask({ algorithm: { documentId: algorithm.did } })).body).toMatchObject({
      error: { 'algorithm.serviceId': 'missing' },
    });
    expect((await ask({ algorithm: { documentId: algorithm.did, serviceId: 'other' } })).body).toMatchObject({
      code: 'SERVICE_NOT_FOUND',
      field: 'algorithm.serviceId',
    });
  });
});

describe('a start', () => {
  test('D9: without an order', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    expect(await buyer.start(buyer.element(dataset), buyer.element(algorithm, TX))).toMatchObject({
      status: 400,
      body: { error: { 'dataset.transferTxId': 'missing' }, code: 'DATASET_MISSING' },
    });
    const beside = await buyer.start(buyer.element(dataset, TX), buyer.element(algorithm, TX), {
      additionalDatasets: [buyer.element(dataset)],
    });
    expect(beside.body).toMatchObject({ error: { 'datasets[1].transferTxId': 'missing' } });
  });

  test.each(['no json', 5, true])('with %j for output', async (output) => {
    const buyer = consumerOf(lab, lab.buyer);
    const answer = await buyer.start(buyer.element(dataset, TX), buyer.element(algorithm, TX), { output });
    expect(answer).toMatchObject({ status: 400, body: { error: { output: 'invalid' }, code: 'OUTPUT_INVALID' } });
  });

  test.each(['no list', 'null', '{}'])('with %j for further datasets', async (additionalDatasets) => {
    const buyer = consumerOf(lab, lab.buyer);
    const answer = await buyer.start(buyer.element(dataset, TX), buyer.element(algorithm, TX), { additionalDatasets });
    expect(answer).toMatchObject({ status: 400, body: { error: { additional_input: 'invalid' } } });
  });

  test('with more datasets than a job may have', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const additionalDatasets = Array.from({ length: 16 }, () => buyer.element(dataset, TX));
    const answer = await buyer.start(buyer.element(dataset, TX), buyer.element(algorithm, TX), { additionalDatasets });
    expect(answer).toMatchObject({ status: 400, body: { code: 'DATASET_MISSING', field: 'additionalDatasets' } });
  });
});

test('a compute service is not quoted for download', async () => {
  expect(await downloadsOf(lab).quote(dataset)).toMatchObject({
    status: 400,
    body: {
      error: 'Provider Ganache: Use the initializeCompute endpoint to initialize compute jobs.',
      code: 'WRONG_INITIALIZE',
    },
  });
});

test('encrypt and decrypt say what they cannot', async () => {
  const encrypt = await fetch(api('encrypt?chainId=8996'), {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: '',
  });
  expect([encrypt.status, await encrypt.json()]).toMatchObject([
    400,
    { error: 'Failed to encrypt.', code: 'ENCRYPT_FAILED' },
  ]);
  const nonce = await consumerOf(lab, lab.stranger).nextNonce();
  const { address, privateKey } = lab.stranger;
  const document = {
    encryptedDocument: `0x04${'00'.repeat(120)}`,
    flags: 2,
    documentHash: `0x${sha256Hex('{}')}`,
    dataNftAddress: dataset.nft,
    decrypterAddress: address,
    chainId: 8996,
    nonce,
    signature: signMessage(signedMessages.decrypt(dataset.nft, address, '8996', nonce), privateKey),
  };
  expect(await exchange(api('decrypt'), { body: document })).toMatchObject({
    status: 400,
    body: { error: 'Failed to decrypt.', code: 'DECRYPT_FAILED' },
  });
});

test('an input needs its capability', async () => {
  expect(await exchange(api('input'))).toMatchObject({ status: 403, body: { code: 'CAPABILITY_MISSING' } });
});

describe('a Provider alone', () => {
  test('without an Operator Service serves downloads, and no computing', async () => {
    await lab.killAndRestart({ operatorServiceUrl: undefined as unknown as string });
    const buyer = consumerOf(lab, lab.buyer);
    const disabled = { status: 404, body: { code: 'COMPUTE_DISABLED' } };
    expect(await exchange(api('computeEnvironments'))).toMatchObject(disabled);
    expect(await exchange(api(`compute?consumerAddress=${lab.buyer.address}`))).toMatchObject(disabled);
    expect(
      await buyer.start(buyer.element(dataset, TX), { meta: { rawcode: 'x', container: CONTAINER } }),
    ).toMatchObject(disabled);
    const open = await lab.publish({ type: 'dataset', serviceType: 'access', files: ['a.csv'] });
    const { order, download } = downloadsOf(lab);
    expect((await download(open, await order(open))).status).toBe(200);
    await lab.killAndRestart();
  });

  test('without its metadata cache says so', async () => {
    await lab.killAndRestart({ metadataCacheUrl: 'http://127.0.0.1:1' });
    expect(await downloadsOf(lab).quote(dataset)).toMatchObject({
      status: 502,
      body: { code: 'METADATA_CACHE_UNREACHABLE' },
    });
    await lab.killAndRestart();
  });

  test('lets so many listen and no more', async () => {
    await lab.killAndRestart({ limits: { streams: 1 } });
    const cut = new AbortController();
    const listenIn = (): Promise<Response> =>
      fetch(api(`compute?consumerAddress=${lab.buyer.address}`), {
        headers: { accept: 'text/event-stream' },
        signal: cut.signal,
      });
    expect((await listenIn()).status).toBe(200);
    const second = await listenIn();
    expect([second.status, await second.json()]).toMatchObject([429, { code: 'TOO_MANY_STREAMS' }]);
    cut.abort();
    await lab.killAndRestart();
  });
});
