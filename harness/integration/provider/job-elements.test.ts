import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLocalSigner } from '../../../provider/signer.ts';
import { downloadsOf } from './downloads.ts';
import { ENVIRONMENTS } from './operator-double.ts';
import type { AssetPlan, ProviderLab, PublishedAsset } from './provider-lab.ts';
import { CONTAINER, consumerOf, exchange, startProviderLab } from './provider-lab.ts';

const DATA = 'subject,rt\n';
const STATES = ['ASSET_END_OF_LIFE', 'ASSET_DEPRECATED', 'ASSET_REVOKED', 'ASSET_ORDERING_DISABLED'] as const;

let lab: ProviderLab;
let dataset: PublishedAsset;
let additional: PublishedAsset;
let algorithm: PublishedAsset;

beforeAll(async () => {
  // Longer than these tests last: within it, nobody needs to be asked twice.
  lab = await startProviderLab({ limits: { environmentsMs: 600_000 } });
  for (const name of ['a.csv', 'b.csv']) lab.files.set(name, DATA);
  lab.files.set('algo.js', 'run()');
  dataset = await lab.publish({ type: 'dataset', files: ['a.csv'], compute: { allowRawAlgorithm: true } });
  additional = await lab.publish({ type: 'dataset', serviceType: 'access', files: ['b.csv'] });
  algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
});
afterAll(() => lab.stop());

interface Quote {
  readonly datasets: readonly { datatoken: string; providerFee: { providerFeeAmount: string } }[];
  readonly algorithm?: { providerFee: unknown };
}

type Answer = Awaited<ReturnType<ReturnType<typeof consumerOf>['start']>>;

/** Quotes, orders and starts a job over these assets; gives the quote and the start's answer. */
async function run(
  datasets: readonly PublishedAsset[],
  code: PublishedAsset | object,
  extra: { environment?: string; userdata?: object; algorithm?: object } = {},
): Promise<{ quote: Quote; started: Answer }> {
  const buyer = consumerOf(lab, lab.buyer);
  const isRaw = !('did' in code);
  const named = isRaw ? code : buyer.element(code as PublishedAsset);
  const { environment = 'free' } = extra;
  const quoted = await buyer.initializeCompute(
    datasets.map((each) => buyer.element(each)),
    named,
    environment,
  );
  expect(quoted).toMatchObject({ status: 200 });
  const quote = quoted.body as unknown as Quote;
  const elements: object[] = [];
  for (const [index, each] of datasets.entries())
    elements.push({ ...buyer.element(each, await buyer.order(each, quote.datasets[index]?.providerFee)), ...extra });
  const algorithmTx = isRaw ? undefined : await buyer.order(code as PublishedAsset, quote.algorithm?.providerFee);
  const [first, ...others] = elements as [{ documentId: string }];
  const started = await buyer.start(
    first,
    { ...(isRaw ? code : buyer.element(code as PublishedAsset, algorithmTx)), ...extra.algorithm },
    { environment, ...(others.length > 0 ? { additionalDatasets: others } : {}) },
  );
  return { quote, started };
}

test('an operator that offers nothing yet is asked again at the next question', async () => {
  const { url } = await lab.startAnother();
  const offered = async (): Promise<unknown> => {
    const { body } = await exchange(`${url}/api/services/computeEnvironments`);
    return (body as Record<string, { id: string }[]>)['8996']?.map(({ id }) => id);
  };
  lab.operator.environments = [];
  expect(await offered()).toEqual([]);
  lab.operator.environments = ENVIRONMENTS;
  expect(await offered()).toEqual(['free', 'paid']);
  lab.operator.environments = [];
  expect(await offered()).toEqual(['free', 'paid']);
  lab.operator.environments = ENVIRONMENTS;
});

describe('several datasets', () => {
  test('D4: are quoted one by one, one of them with the fee, and the environments are asked for once', async () => {
    const second = await lab.publish({ type: 'dataset', files: ['b.csv'] });
    lab.operator.environmentQuestions = 0;
    const { quote, started } = await run([dataset, additional, second], algorithm, { environment: 'paid' });
    const amounts = quote.datasets.map(({ providerFee }) => BigInt(providerFee.providerFeeAmount) > 0n);
    expect(amounts).toEqual([true, false, false]);
    expect(quote.datasets.map(({ datatoken }) => datatoken)).toEqual([
      dataset.datatoken,
      additional.datatoken,
      second.datatoken,
    ]);
    expect(started).toMatchObject({
      status: 200,
      body: [{ inputDID: [dataset.did, additional.did, second.did], algoDID: algorithm.did }],
    });
    // A quote and a start, of four elements each.
    expect(lab.operator.environmentQuestions).toBeLessThanOrEqual(1);
  });

  test('of type access come beside, never first', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    expect(await buyer.initializeCompute(buyer.element(additional), buyer.element(algorithm))).toMatchObject({
      status: 400,
      body: { code: 'SERVICE_TYPE', error: { 'dataset.serviceId': 'main_service_compute' } },
    });
  });
});

describe("T14: another Provider's assets", () => {
  const foreign = async (plan: Partial<AssetPlan>): Promise<PublishedAsset> => {
    const files = await createLocalSigner(lab.chain.accounts[9]?.privateKey ?? '').encrypt(Buffer.from('{}'));
    return lab.publish({ type: 'dataset', files: [], service: { files }, ...plan });
  };

  test.each([
    ['as the dataset', 'dataset', {}],
    ['beside another', 'datasets[1]', { serviceType: 'access' }],
    ['as the algorithm', 'algorithm', { type: 'algorithm' }],
  ] as const)('%s are refused by the quote as by the start', async (_name, at, plan) => {
    const asset = await foreign(plan);
    const buyer = consumerOf(lab, lab.buyer);
    const tx = `0x${'12'.repeat(32)}`;
    const datasets = at === 'dataset' ? [asset] : at === 'algorithm' ? [dataset] : [dataset, asset];
    const code = at === 'algorithm' ? asset : algorithm;
    const quoted = await buyer.initializeCompute(
      datasets.map((each) => buyer.element(each)),
      buyer.element(code),
    );
    expect(quoted).toMatchObject({
      status: 400,
      body: {
        code: 'FILES_UNDECRYPTABLE',
        error: { [at === 'algorithm' ? at : `${at}.serviceId`]: 'compute_services_not_in_same_provider' },
      },
    });
    const [first, ...others] = datasets.map((each) => buyer.element(each, tx));
    const started = await buyer.start(first ?? { documentId: '' }, buyer.element(code, tx), {
      additionalDatasets: others,
    });
    expect(started).toEqual(quoted);
  });
});

describe('an asset in state', () => {
  let asset: PublishedAsset;
  let transaction: string;

  beforeAll(async () => {
    asset = await lab.publish({ type: 'dataset', serviceType: 'access', files: ['a.csv'] });
    transaction = await downloadsOf(lab).order(asset);
  });

  test.each([...STATES.map((code, index) => [index + 1, code] as const), [77, 'ASSET_STATE_UNKNOWN'] as const])(
    '%i is neither quoted, nor given out to who has ordered it: %s',
    async (state, code) => {
      await lab.owner.ocean.setMetaDataState(asset.nft, state);
      const { quote, download } = downloadsOf(lab);
      const refusal = { code, rule: 'asset.state', error: 'Provider Ganache: Asset is not consumable.' };
      expect(await quote(asset)).toMatchObject({ status: 400, body: refusal });
      const answer = await download(asset, transaction);
      expect([answer.status, await answer.json()]).toMatchObject([400, refusal]);
      const buyer = consumerOf(lab, lab.buyer);
      const beside = [buyer.element(dataset), buyer.element(asset)];
      expect(await buyer.initializeCompute(beside, buyer.element(algorithm))).toMatchObject({
        status: 400,
        body: { code, field: 'datasets[1]' },
      });
    },
  );

  test.each([5, 0])('%i is both', async (state) => {
    await lab.owner.ocean.setMetaDataState(asset.nft, state);
    const { quote, download } = downloadsOf(lab);
    expect((await quote(asset)).status).toBe(200);
    expect((await download(asset, transaction)).status).toBe(200);
  });
});

describe('lists of addresses', () => {
  const listing = (address: string) => [{ type: 'address', values: [address.toLowerCase()] }];

  test('T8: the environment need not be on the allow list of what its jobs read', async () => {
    const asset = await lab.publish({
      type: 'dataset',
      files: ['a.csv'],
      credentials: { allow: listing(lab.buyer.address) },
    });
    const { started } = await run([asset], algorithm);
    expect(started.status).toBe(200);
    const file = lab.operator.started.at(-1)?.workflow.stages[0].input[0]?.files[0];
    const read = await fetch(file?.url ?? '', { headers: { authorization: `Bearer ${file?.capability}` } });
    expect([read.status, await read.text()]).toEqual([200, DATA]);
    const stranger = consumerOf(lab, lab.stranger);
    expect(await stranger.initializeCompute(stranger.element(asset), stranger.element(algorithm))).toMatchObject({
      status: 400,
      body: { code: 'CREDENTIAL_NOT_IN_ALLOW_LIST' },
    });
  });

  test('T7: of the service count beside those of the asset, and deny wins over allow', async () => {
    const address = lab.buyer.address;
    const both = { allow: listing(address), deny: listing(address) };
    const denied = await lab.publish({ type: 'dataset', serviceType: 'access', files: ['a.csv'], credentials: both });
    const other = { credentials: { allow: listing(lab.stranger.address) } };
    const elsewhere = await lab.publish({ type: 'dataset', serviceType: 'access', files: ['a.csv'], service: other });
    const { quote } = downloadsOf(lab);
    expect((await quote(denied)).body).toMatchObject({ code: 'CREDENTIAL_IN_DENY_LIST' });
    expect((await quote(elsewhere)).body).toMatchObject({ code: 'CREDENTIAL_NOT_IN_ALLOW_LIST' });
    expect((await downloadsOf(lab, lab.stranger).quote(elsewhere)).status).toBe(200);
  });
});

describe('raw algorithms', () => {
  const raw = { meta: { rawcode: 'x', container: CONTAINER } };

  test('run where the dataset allows them, short ones too, with their parameters', async () => {
    const { quote, started } = await run([dataset], { ...raw, algocustomdata: { n: 1 } });
    expect(quote.algorithm).toBeUndefined();
    expect(started).toMatchObject({ status: 200, body: [{ algoDID: '' }] });
    expect(lab.operator.started.at(-1)?.workflow.stages[0].algorithm).toMatchObject({
      rawcode: 'x',
      algocustomdata: { n: 1 },
      files: [],
    });
  });

  test('T3: bring their code along; an address is not fetched on a stranger’s word', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const byUrl = { meta: { url: `${lab.filesUrl}/algo.js`, container: CONTAINER } };
    const refusal = { status: 400, body: { code: 'RAW_ALGORITHM_EMPTY' } };
    expect(await buyer.initializeCompute(buyer.element(dataset), byUrl)).toMatchObject(refusal);
    const element = buyer.element(dataset, `0x${'12'.repeat(32)}`);
    expect(await buyer.start(element, byUrl)).toMatchObject(refusal);
  });

  test.each([
    ['missing_entrypoint_image_checksum', { ...CONTAINER, image: '' }],
    ['checksum_prefix', { ...CONTAINER, checksum: 'latest' }],
  ])('need a whole container: %s', async (classic, container) => {
    const buyer = consumerOf(lab, lab.buyer);
    const answer = await buyer.initializeCompute(buyer.element(dataset), { meta: { rawcode: 'x', container } });
    expect(answer).toMatchObject({ status: 400, body: { error: { 'algorithm.container': classic } } });
  });
});

test('F5: parameters reach the job by every spelling, held against what was declared', async () => {
  const declared = (name: string) => [
    { name, type: 'number', label: 'l', required: true, description: 'd', default: '' },
  ];
  const data = await lab.publish({ type: 'dataset', files: ['a.csv'], service: { consumerParameters: declared('d') } });
  const code = await lab.publish({
    type: 'algorithm',
    files: ['algo.js'],
    service: { consumerParameters: declared('s') },
    algorithm: { consumerParameters: declared('a') },
  });
  const good = { userdata: { d: 1 }, algorithm: { userdata: { s: 2 }, algocustomdata: { a: 3 } } };
  expect((await run([data], code, good)).started.status).toBe(200);
  const stage = lab.operator.started.at(-1)?.workflow.stages[0];
  expect([stage?.input[0]?.userdata, stage?.algorithm.userdata, stage?.algorithm.algocustomdata]).toEqual([
    { d: 1 },
    { s: 2 },
    { a: 3 },
  ]);
  const classic = { ...good, algorithm: { algouserdata: { s: 2 }, algocustomdata: { a: 3 } } };
  expect((await run([data], code, classic)).started.status).toBe(200);
  for (const [changes, field, expected] of [
    [{ userdata: {} }, 'dataset.userdata', 'CONSUMER_PARAMETER_MISSING'],
    [{ userdata: { d: 'x' } }, 'dataset.userdata', 'CONSUMER_PARAMETER_INVALID'],
    [{ algorithm: { algocustomdata: { a: 3 } } }, 'algorithm.userdata', 'CONSUMER_PARAMETER_MISSING'],
    [{ algorithm: { userdata: { s: 2 } } }, 'algorithm.algocustomdata', 'CONSUMER_PARAMETER_MISSING'],
  ] as const) {
    const { started } = await run([data], code, { ...good, ...changes });
    expect(started).toMatchObject({ status: 400, body: { code: expected, field } });
  }
});
