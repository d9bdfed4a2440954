import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesChecksum, containerSectionChecksum } from '../../../core/protocol/checksums.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import type { ProviderLab, PublishedAsset } from './provider-lab.ts';
import { CONTAINER, consumerOf, startProviderLab } from './provider-lab.ts';
import { ENVIRONMENT_ADDRESS } from './operator-double.ts';

const DATA = 'subject,rt\n1,0.35\n';
const CODE = 'print("mean")';

let lab: ProviderLab;
let dataset: PublishedAsset;
let algorithm: PublishedAsset;
let unlisted: PublishedAsset;

beforeAll(async () => {
  lab = await startProviderLab();
  lab.files.set('eeg.csv', DATA);
  lab.files.set('algo.js', CODE);
  lab.files.set('other.js', 'other');
  algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
  unlisted = await lab.publish({ type: 'algorithm', files: ['other.js'] });
  const trusted = {
    did: algorithm.did,
    filesChecksum: filesChecksum([sha256Hex(CODE)]),
    containerSectionChecksum: containerSectionChecksum(CONTAINER),
  };
  dataset = await lab.publish({
    type: 'dataset',
    files: ['eeg.csv'],
    compute: { publisherTrustedAlgorithms: [trusted] },
  });
});
afterAll(() => lab.stop());

async function orders(env = 'free'): Promise<{ datasetTx: string; algorithmTx: string }> {
  const buyer = consumerOf(lab, lab.buyer);
  const { status, body } = await buyer.initializeCompute(buyer.element(dataset), buyer.element(algorithm), env);
  expect({ status, body }).toMatchObject({ status: 200 });
  const quote = body as unknown as { datasets: [{ providerFee: unknown }]; algorithm: { providerFee: unknown } };
  return {
    datasetTx: await buyer.order(dataset, quote.datasets[0].providerFee),
    algorithmTx: await buyer.order(algorithm, quote.algorithm.providerFee),
  };
}

describe('a job that was paid', () => {
  test('starts once, with checksums, capabilities and no address of a file', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const { datasetTx, algorithmTx } = await orders();
    const { status, body } = await buyer.start(
      buyer.element(dataset, datasetTx),
      buyer.element(algorithm, algorithmTx),
    );
    expect({ status, body }).toMatchObject({
      status: 200,
      body: [{ agreementId: datasetTx, owner: lab.buyer.address, status: 1 }],
    });
    const workflow = lab.operator.started.at(-1);
    const stage = workflow?.workflow.stages[0];
    expect(stage?.compute).toMatchObject({ networkAccess: false });
    expect(stage?.compute.maxDurationSeconds).toBeGreaterThan(3500);
    expect(stage?.compute.maxDurationSeconds).toBeLessThanOrEqual(3600);
    expect(stage?.input[0]?.files[0]).toMatchObject({ checksum: sha256Hex(DATA), contentLength: DATA.length });
    expect(stage?.algorithm.files[0]).toMatchObject({ checksum: sha256Hex(CODE) });
    expect(JSON.stringify(workflow)).not.toContain('eeg.csv');
    expect(lab.operator.unsigned).toEqual([]);

    const file = stage?.input[0]?.files[0];
    const read = (capability: string, headers = {}): Promise<Response> =>
      fetch(file?.url ?? '', { headers: { authorization: `Bearer ${capability}`, ...headers } });
    expect(await (await read(file?.capability ?? '')).text()).toBe(DATA);
    const part = await read(file?.capability ?? '', { range: 'bytes=3-8' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      `bytes 3-8/${DATA.length}`,
      DATA.slice(3, 9),
    ]);
    const forged = await read(`${file?.capability ?? ''}x`);
    expect([forged.status, ((await forged.json()) as { code: string }).code]).toEqual([403, 'CAPABILITY_INVALID']);
  });

  test('the same request again finds its job and starts no other', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const { datasetTx, algorithmTx } = await orders();
    const nonce = await buyer.nextNonce();
    const first = await buyer.start(buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx), {
      nonce,
    });
    const before = lab.operator.started.length;
    const second = await buyer.start(buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx), {
      nonce,
    });
    expect(second).toMatchObject({ status: 200, body: [{ jobId: (first.body[0] as { jobId: string }).jobId }] });
    expect(lab.operator.started.length).toBe(before);
  });

  test('P9: an order pays for one run at a time, and for the next when that has ended', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const { datasetTx, algorithmTx } = await orders();
    const start = () => buyer.start(buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx));
    const first = await start();
    expect(first.status).toBe(200);
    expect(await start()).toMatchObject({
      status: 400,
      body: { code: 'ORDER_IN_USE', error: { 'dataset.serviceId': 'order_in_use' } },
    });
    lab.operator.moveTo((first.body[0] as { jobId: string }).jobId, 'finished');
    expect((await start()).status).toBe(200);
  });
});

describe('refused twins', () => {
  test('S3: a stranger with the same orders', async () => {
    const stranger = consumerOf(lab, lab.stranger);
    const { datasetTx, algorithmTx } = await orders();
    const answer = await stranger.start(stranger.element(dataset, datasetTx), stranger.element(algorithm, algorithmTx));
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'ORDER_NOT_YOURS', rule: 'order.consumer', error: { 'dataset.serviceId': 'order_invalid' } },
    });
  });

  test('S4: an algorithm that is not on the list', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const answer = await buyer.initializeCompute(buyer.element(dataset), buyer.element(unlisted));
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'ALGORITHM_NOT_TRUSTED', error: { dataset: 'not_trusted_algo' } },
    });
  });

  test('T5: raw code', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const answer = await buyer.initializeCompute(buyer.element(dataset), {
      meta: { rawcode: '1', container: CONTAINER },
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'RAW_ALGORITHM_NOT_ALLOWED' } });
  });

  test('P1: an order of a foreign datatoken with a fee signed for this dataset', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const { algorithmTx } = await orders();
    const { body } = await buyer.initializeCompute(buyer.element(dataset), buyer.element(algorithm));
    const quote = body as unknown as { datasets: [{ providerFee: unknown }] };
    const own = await lab.publish({ type: 'dataset', files: ['eeg.csv'] });
    const foreignTx = await buyer.order(own, quote.datasets[0].providerFee);
    const answer = await buyer.start(buyer.element(dataset, foreignTx), buyer.element(algorithm, algorithmTx));
    expect(answer).toMatchObject({ status: 400, body: { code: 'ORDER_NOT_FOUND' } });
  });

  test('T1: a silently changed algorithm file', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const { datasetTx, algorithmTx } = await orders();
    lab.files.set('algo.js', `${CODE}//`);
    const answer = await buyer.start(buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx));
    lab.files.set('algo.js', CODE);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'ALGORITHM_FILES_CHANGED', error: { dataset: 'algorithm_file_checksum_mismatch' } },
    });
    expect((await buyer.start(buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx))).status).toBe(
      200,
    );
  });

  test('P11: what a start would refuse is refused when it is asked for a quote, by the same rule', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    lab.files.set('gone.js', 'soon gone');
    const gone = await lab.publish({ type: 'algorithm', files: ['gone.js'] });
    lab.files.delete('gone.js');
    const deny = [{ type: 'address', values: [lab.buyer.address] }];
    const forbidden = await lab.publish({ type: 'algorithm', files: ['algo.js'], credentials: { deny } });
    const entryOf = ({ did }: PublishedAsset, content: string) => ({
      did,
      filesChecksum: filesChecksum([sha256Hex(content)]),
      containerSectionChecksum: '',
    });
    const publisherTrustedAlgorithms = [entryOf(gone, 'soon gone'), entryOf(forbidden, CODE), entryOf(algorithm, CODE)];
    const listing = await lab.publish({ type: 'dataset', files: ['eeg.csv'], compute: { publisherTrustedAlgorithms } });
    const { datasetTx, algorithmTx } = await orders();
    for (const [refused, code] of [
      [gone, 'FILE_UNREACHABLE'],
      [forbidden, 'CREDENTIAL_IN_DENY_LIST'],
    ] as const) {
      const quoted = await buyer.initializeCompute(buyer.element(listing), buyer.element(refused));
      expect(quoted).toMatchObject({ status: 400, body: { code } });
      const started = await buyer.start(buyer.element(listing, datasetTx), buyer.element(refused, algorithmTx));
      expect(started).toEqual(quoted);
    }
    const twin = await buyer.initializeCompute(buyer.element(listing), buyer.element(algorithm));
    expect(twin.status).toBe(200);
  });

  test('a nonce that was used', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const { datasetTx, algorithmTx } = await orders();
    const { body } = await buyer.start(buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx), {
      nonce: '1',
    });
    expect(body).toMatchObject({
      code: 'NONCE_NOT_GREATER',
      errors: { nonce: [expect.stringContaining('> current nonce (1)')] },
    });
  });

  test('a download of the compute service', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const { datasetTx } = await orders();
    const { signMessage } = await import('../../../core/protocol/signing.ts');
    const nonce = await buyer.nextNonce();
    const query = new URLSearchParams({
      documentId: dataset.did,
      serviceId: 'svc-1',
      transferTxId: datasetTx,
      fileIndex: '0',
      consumerAddress: lab.buyer.address,
      nonce,
      signature: signMessage(dataset.did + nonce, lab.buyer.privateKey),
    });
    const response = await fetch(buyer.api(`download?${query}`));
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'SERVICE_TYPE']);
  });
});

describe('fees', () => {
  test("P4: an environment with a price is paid by what was quoted, and not by another environment's quote", async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const { datasetTx, algorithmTx } = await orders('paid');
    const elements = [buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx)] as const;
    expect(await buyer.start(...elements)).toMatchObject({ status: 400, body: { code: 'ORDER_FEE_ENVIRONMENT' } });
    expect((await buyer.start(...elements, { environment: 'paid' })).status).toBe(200);
  });

  test('P8: an order whose fee was quoted beside another does not pay for the environment alone', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const second = await lab.publish({ type: 'dataset', files: ['eeg.csv'] });
    const { body } = await buyer.initializeCompute(
      [buyer.element(dataset), buyer.element(second)],
      buyer.element(algorithm),
      'paid',
    );
    const quote = body as unknown as {
      datasets: [{ providerFee: unknown }, { providerFee: unknown }];
      algorithm: { providerFee: unknown };
    };
    const secondTx = await buyer.order(second, quote.datasets[1].providerFee);
    const algorithmTx = await buyer.order(algorithm, quote.algorithm.providerFee);
    const elements = [buyer.element(second, secondTx), buyer.element(algorithm, algorithmTx)] as const;
    expect(await buyer.start(...elements, { environment: 'paid' })).toMatchObject({
      status: 400,
      body: { code: 'FEES_NOT_PAID', error: { order: 'fees_not_paid' } },
    });
    const firstTx = await buyer.order(dataset, quote.datasets[0].providerFee);
    const together = await buyer.start(buyer.element(dataset, firstTx), elements[1], {
      environment: 'paid',
      additionalDatasets: [elements[0]],
    });
    expect(together).toMatchObject({ status: 200, body: [{ inputDID: [dataset.did, second.did] }] });
  });

  test('P6: what is paid is not asked for again; a later end asks for a fee to reuse the order with', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const { datasetTx, algorithmTx } = await orders();
    const elements = [buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx)] as const;
    const same = await buyer.initializeCompute(...elements, 'free', 1800);
    expect(same.body).toEqual({ datasets: [{ validOrder: datasetTx }], algorithm: { validOrder: algorithmTx } });
    const later = await buyer.initializeCompute(...elements, 'free', 7200);
    const quote = later.body as unknown as { datasets: [{ validOrder: string; providerFee: { validUntil: number } }] };
    expect(quote.datasets[0]).toMatchObject({ validOrder: datasetTx, providerFee: { v: expect.any(Number) } });
    const fee = quote.datasets[0].providerFee as never;
    const reused = await lab.buyer.ocean.reuseOrder(dataset.datatoken, datasetTx, fee);
    const again = await buyer.start(
      buyer.element(dataset, reused.transactionHash),
      buyer.element(algorithm, algorithmTx),
    );
    expect(again).toMatchObject({ status: 200, body: [{ agreementId: reused.transactionHash }] });
  });

  test("P10: orders placed together through the factory are their caller's", async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const { body } = await buyer.initializeCompute(buyer.element(dataset), buyer.element(algorithm));
    const quote = body as unknown as { datasets: [{ providerFee: never }]; algorithm: { providerFee: never } };
    const placed = [
      {
        datatoken: dataset.datatoken,
        consumer: ENVIRONMENT_ADDRESS,
        serviceIndex: 0,
        providerFee: quote.datasets[0].providerFee,
      },
      {
        datatoken: algorithm.datatoken,
        consumer: ENVIRONMENT_ADDRESS,
        serviceIndex: 0,
        providerFee: quote.algorithm.providerFee,
      },
    ];
    for (const { datatoken } of placed) {
      await lab.owner.ocean.mint(datatoken, lab.buyer.address);
      await lab.buyer.ocean.approve(datatoken, lab.addresses.ERC721Factory, 10n ** 18n);
    }
    const { transactionHash } = await lab.buyer.ocean.startMultipleTokenOrder(placed);
    const answer = await buyer.start(
      buyer.element(dataset, transactionHash),
      buyer.element(algorithm, transactionHash),
    );
    expect(answer).toMatchObject({ status: 200 });
    const stranger = consumerOf(lab, lab.stranger);
    const stolen = await stranger.start(
      stranger.element(dataset, transactionHash),
      stranger.element(algorithm, transactionHash),
    );
    expect(stolen.body).toMatchObject({ code: 'ORDER_NOT_YOURS' });
  });
});
