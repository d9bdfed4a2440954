import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nowSeconds, systemClock } from '../../../core/clock.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import type { RunningProvider } from '../../../provider/server.ts';
import { ENVIRONMENT_ADDRESS } from './operator-double.ts';
import type { AssetPlan, ProviderLab, PublishedAsset } from './provider-lab.ts';
import { CONTAINER, consumerOf, exchange, startProviderLab } from './provider-lab.ts';

let lab: ProviderLab;
let other: RunningProvider;
let own: PublishedAsset;
let foreign: PublishedAsset;
let algorithm: PublishedAsset;

interface Quote {
  readonly datasets: readonly { datatoken?: string; validOrder?: string; providerFee?: Record<string, unknown> }[];
  readonly algorithm?: { readonly providerFee?: Record<string, unknown> };
}

const raw = { meta: { rawcode: 'x', container: CONTAINER } };
const compute = { allowRawAlgorithm: true };

beforeAll(async () => {
  lab = await startProviderLab({ limits: { environmentsMs: 0 } });
  for (const name of ['a.csv', 'b.csv']) lab.files.set(name, name);
  lab.files.set('algo.js', 'run()');
  // No environment is its own: it trusts this one by its address.
  other = await lab.startAnother({ allowedEnvironments: [], trustedEnvironments: [ENVIRONMENT_ADDRESS] });
  lab.operator.inputProviders = [other.address];
  own = await lab.publish({ type: 'dataset', files: ['a.csv'], compute });
  foreign = await lab.publish({ type: 'dataset', files: ['b.csv', 'a.csv'], compute, at: other });
  algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
});
afterAll(() => lab.stop());

const ofOther = (plan: Partial<AssetPlan>): Promise<PublishedAsset> =>
  lab.publish({ type: 'dataset', files: ['b.csv'], compute, at: other, ...plan });

async function quoteOf(
  datasets: readonly PublishedAsset[],
  code: unknown,
  { environment = 'free', seconds = 3600, orders = [] as readonly string[] } = {},
) {
  const buyer = consumerOf(lab, lab.buyer);
  const elements = datasets.map((each, i) => buyer.element(each, orders[i]));
  const { status, body } = await buyer.initializeCompute(elements, code, environment, seconds);
  return { status, body, quote: body as unknown as Quote };
}

/** Orders what was quoted, for the environment, and starts. */
async function startOf(datasets: readonly PublishedAsset[], code: PublishedAsset | undefined, environment = 'free') {
  const buyer = consumerOf(lab, lab.buyer);
  const named = code ? buyer.element(code) : raw;
  const { status, quote } = await quoteOf(datasets, named, { environment });
  expect(status).toBe(200);
  const orders: string[] = [];
  for (const [i, each] of datasets.entries()) orders.push(await buyer.order(each, quote.datasets[i]?.providerFee));
  const codeOrder = code ? await buyer.order(code, quote.algorithm?.providerFee) : undefined;
  const [first = { documentId: '' }, ...additionalDatasets] = datasets.map((each, i) => buyer.element(each, orders[i]));
  const started = await buyer.start(first, code ? buyer.element(code, codeOrder) : raw, {
    environment,
    additionalDatasets,
  });
  return { quote, orders, started };
}

const signersOf = ({ datasets }: Quote): unknown[] =>
  datasets.map(({ providerFee }) => providerFee?.['providerFeeAddress']);

describe('T14: a job over datasets of two Providers', () => {
  test('carries a fee of each, and downloads of the other one’s files in place of capabilities', async () => {
    const { quote, orders, started } = await startOf([own, foreign], undefined);
    expect(signersOf(quote)).toEqual([lab.provider().address, other.address]);
    expect(started).toMatchObject({ status: 200, body: [{ inputDID: [own.did, foreign.did] }] });
    const inputs = lab.operator.started.at(-1)?.workflow.stages[0].input ?? [];
    expect(inputs[0]?.files[0]).toMatchObject({ index: 0, url: expect.stringContaining('/api/services/input') });
    const remote = { provider: other.address, did: foreign.did, serviceId: 'svc-1', transferTxId: orders[1] };
    // Of data for computing its Provider tells strangers nothing but the size.
    expect(inputs[1]?.files).toEqual([
      { index: 0, contentLength: 5, remote },
      { index: 1, contentLength: 5, remote },
    ]);
  });

  test('may begin with the other one’s, and the first element that is served here pays for the environment', async () => {
    const { quote, started } = await startOf([foreign], algorithm, 'paid');
    expect(quote.datasets[0]?.providerFee?.['providerFeeAmount']).toBe('0');
    expect(Number(quote.algorithm?.providerFee?.['providerFeeAmount'])).toBeGreaterThan(0);
    expect(started).toMatchObject({ status: 200 });
  });

  test('takes what the other one sells for download as well', async () => {
    const open = await ofOther({ serviceType: 'access' });
    const { quote, started } = await startOf([own, open], undefined);
    expect(signersOf(quote)).toEqual([lab.provider().address, other.address]);
    expect(started.status).toBe(200);
  });

  test('is started again with the orders that are there, and renews the fee that ends', async () => {
    const { orders } = await startOf([own, foreign], undefined);
    const again = await quoteOf([own, foreign], raw, { orders, seconds: 60 });
    expect(again.quote.datasets).toEqual(orders.map((validOrder) => ({ validOrder })));
    const longer = await quoteOf([own, foreign], raw, { orders, seconds: 7200 });
    expect(longer.quote.datasets[1]).toMatchObject({ validOrder: orders[1], datatoken: foreign.datatoken });
    expect(signersOf(longer.quote)).toEqual([lab.provider().address, other.address]);
  });
});

describe('T14: an algorithm that another Provider serves', () => {
  const publishCode = () => ofOther({ type: 'algorithm', files: ['algo.js'] });

  test('runs as the bytes that its Provider tells the checksum of, ordered there', async () => {
    const code = await publishCode();
    const { quote, started } = await startOf([own], code);
    expect(quote.algorithm?.providerFee?.['providerFeeAddress']).toBe(other.address);
    expect(started).toMatchObject({ status: 200, body: [{ algoDID: code.did }] });
    const { files } = lab.operator.started.at(-1)?.workflow.stages[0].algorithm ?? {};
    expect(files).toEqual([
      {
        index: 0,
        checksum: sha256Hex('run()'),
        contentLength: 5,
        remote: expect.objectContaining({ provider: other.address, did: code.did }) as object,
      },
    ]);
  });

  test('is held against the list of the dataset', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const code = await publishCode();
    const listed = (content: string) => ({
      publisherTrustedAlgorithms: [{ did: code.did, filesChecksum: sha256Hex(content), containerSectionChecksum: '' }],
    });
    const trusting = await lab.publish({ type: 'dataset', files: ['a.csv'], compute: listed('run()') });
    expect(await quoteOf([trusting], buyer.element(code))).toMatchObject({ status: 200 });
    const wary = await lab.publish({ type: 'dataset', files: ['a.csv'], compute: listed('another()') });
    expect(await quoteOf([wary], buyer.element(code))).toMatchObject({
      status: 400,
      body: { code: 'ALGORITHM_FILES_CHANGED' },
    });
  });

  test('cannot pay for an environment here', async () => {
    const code = await publishCode();
    expect(await quoteOf([foreign], consumerOf(lab, lab.buyer).element(code))).toMatchObject({
      status: 400,
      body: { code: 'JOB_ELSEWHERE' },
    });
  });

  test('whose Provider is not listed is refused', async () => {
    lab.operator.inputProviders = [];
    const code = await publishCode();
    expect(await quoteOf([own], consumerOf(lab, lab.buyer).element(code))).toMatchObject({
      status: 400,
      body: { code: 'FOREIGN_PROVIDER_NOT_ALLOWED', error: { algorithm: 'compute_services_not_in_same_provider' } },
    });
    lab.operator.inputProviders = [other.address];
  });
});

describe('is refused when it is quoted, before anything is paid:', () => {
  const refusal = (code: string, rule: string, field = 'datasets[1].serviceId') => ({
    status: expect.any(Number) as number,
    body: { code, rule, field, error: { [field]: 'compute_services_not_in_same_provider' } },
  });

  test('the operator does not list the other Provider', async () => {
    lab.operator.inputProviders = [];
    expect(await quoteOf([own, foreign], raw)).toMatchObject(
      refusal('FOREIGN_PROVIDER_NOT_ALLOWED', 'operator.inputProviders'),
    );
    lab.operator.inputProviders = [other.address];
    expect(await quoteOf([own, foreign], raw)).toMatchObject({ status: 200 });
  });

  test('the other Provider does not trust the environment', async () => {
    const wary = await lab.startAnother({ allowedEnvironments: [] });
    const asset = await ofOther({ at: wary });
    const answer = await quoteOf([own, asset], raw);
    expect(answer).toMatchObject(refusal('FOREIGN_PROVIDER_REFUSED', 'foreign.answer'));
    expect(answer.body['explain']).toContain('ENVIRONMENT_NOT_TRUSTED');
    // What it sells for download it gives to whom its lists allow.
    const open = await ofOther({ at: wary, serviceType: 'access' });
    expect(await quoteOf([own, open], raw)).toMatchObject({ status: 200 });
    const listed = [{ type: 'address', values: [lab.buyer.address] }];
    const closed = await ofOther({ at: wary, serviceType: 'access', credentials: { allow: listed } });
    expect((await quoteOf([own, closed], raw)).body['explain']).toContain('CREDENTIAL_NOT_IN_ALLOW_LIST');
  });

  test('the dataset does not trust the algorithm', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const listing = (did: string) => ({
      publisherTrustedAlgorithms: [{ did, filesChecksum: '', containerSectionChecksum: '' }],
    });
    const strict = await ofOther({ compute: listing(own.did) });
    expect(await quoteOf([own, strict], buyer.element(algorithm))).toMatchObject({
      status: 400,
      body: { code: 'ALGORITHM_NOT_TRUSTED', field: 'datasets[1]', error: { 'datasets[1]': 'not_trusted_algo' } },
    });
    const trusting = await ofOther({ compute: listing(algorithm.did) });
    expect(await quoteOf([own, trusting], buyer.element(algorithm))).toMatchObject({ status: 200 });
    const closed = await ofOther({ compute: { allowRawAlgorithm: false } });
    expect(await quoteOf([own, closed], raw)).toMatchObject({ body: { code: 'RAW_ALGORITHM_NOT_ALLOWED' } });
  });

  test('nothing of it is served here', async () => {
    expect(await quoteOf([foreign], raw)).toMatchObject(
      refusal('JOB_ELSEWHERE', 'job.ownElement', 'dataset.serviceId'),
    );
  });

  test('the other Provider does not answer', async () => {
    const gone = await lab.startAnother({ trustedEnvironments: [ENVIRONMENT_ADDRESS] });
    const asset = await ofOther({ at: gone });
    expect(await quoteOf([own, asset], raw)).toMatchObject({ status: 200 });
    await gone.stop();
    expect(await quoteOf([own, asset], raw)).toMatchObject({
      ...refusal('FOREIGN_PROVIDER_UNREACHABLE', 'foreign.reachable'),
      status: 502,
    });
  });
});

describe('is refused when it is started:', () => {
  const startWith = async (orders: readonly string[]) => {
    const buyer = consumerOf(lab, lab.buyer);
    const [first = { documentId: '' }, ...additionalDatasets] = [own, foreign].map((each, i) =>
      buyer.element(each, orders[i]),
    );
    return buyer.start(first, raw, { additionalDatasets });
  };

  test.each([
    ['its order carries a fee of ours', 'ORDER_FEE_SIGNATURE', undefined],
    ['its order names the consumer, in whose name nothing is fetched', 'ORDER_NOT_YOURS', 'self'],
  ])('%s', async (_name, code, consumer) => {
    const buyer = consumerOf(lab, lab.buyer);
    const { quote } = await quoteOf([own, foreign], raw);
    const ownOrder = await buyer.order(own, quote.datasets[0]?.providerFee);
    const fee = consumer ? quote.datasets[1]?.providerFee : await feeOfOurs();
    const order = await buyer.order(foreign, fee, consumer ? lab.buyer.address : ENVIRONMENT_ADDRESS);
    expect(await startWith([ownOrder, order])).toMatchObject({
      status: 400,
      body: { code, field: 'datasets[1].serviceId', error: { 'datasets[1].serviceId': 'order_invalid' } },
    });
  });

  test('no order of ours pays for the environment: what the other one sold free of charge does not', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const second = await lab.publish({ type: 'dataset', files: ['a.csv'], compute });
    const open = await ofOther({ serviceType: 'access' });
    // Of these two the first carries the environment's fee; then the second is started without it.
    const beside = await quoteOf([own, second], raw);
    const { quote } = await quoteOf([own, open], raw);
    const order = await buyer.order(second, beside.quote.datasets[1]?.providerFee);
    const openOrder = await buyer.order(open, quote.datasets[1]?.providerFee);
    const more = { additionalDatasets: [buyer.element(open, openOrder)] };
    expect(await buyer.start(buyer.element(second, order), raw, more)).toMatchObject({
      status: 400,
      body: { code: 'FEES_NOT_PAID', error: { order: 'fees_not_paid' } },
    });
  });

  /** For the same datatoken and service, as a Provider could sign it that wants to sell what is not its own. */
  async function feeOfOurs() {
    const { createLocalSigner } = await import('../../../provider/signer.ts');
    const { signQuote } = await import('../../../provider/compute/fee.ts');
    const quote = { environment: 'free', datatoken: foreign.datatoken, serviceId: 'svc-1', quotedAt: 1, amount: 0n };
    const signer = createLocalSigner(lab.chain.accounts[8]?.privateKey ?? '');
    return signQuote({ ...quote, feeToken: lab.addresses.Ocean, validUntil: 0, paysEnvironment: true }, signer);
  }
});

describe('GET /initialize for an environment elsewhere', () => {
  const ask = (more: Record<string, string>) => {
    const query = { documentId: foreign.did, serviceId: 'svc-1', consumerAddress: lab.buyer.address, ...more };
    return exchange(`${other.url}/api/services/initialize?${new URLSearchParams(query)}`);
  };
  const environmentAddress = ENVIRONMENT_ADDRESS;

  test('binds the fee of data for computing to the environment and its end', async () => {
    const validUntil = String(nowSeconds(systemClock) + 600);
    const { status, body } = await ask({ environment: 'free', environmentAddress, validUntil });
    const fee = body['providerFee'] as { validUntil: number; providerData: string };
    expect([status, fee.validUntil]).toEqual([200, Number(validUntil)]);
    const data = JSON.parse(Buffer.from(fee.providerData.slice(2), 'hex').toString()) as object;
    expect(data).toMatchObject({ environment: 'free', dt: foreign.datatoken, id: 'svc-1', pays: false });
  });

  test.each([
    ['no environment', {}, 'WRONG_INITIALIZE'],
    ['one that nobody knows', { environmentAddress: `0x${'9'.repeat(40)}` }, 'ENVIRONMENT_NOT_TRUSTED'],
    ['a time that is over', { environmentAddress, environment: 'free', validUntil: '5' }, 'VALID_UNTIL_INVALID'],
  ])('refuses %s', async (_name, more, code) => {
    expect(await ask(more)).toMatchObject({ status: 400, body: { code } });
  });
});
