import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enterpriseOrders } from '../../../contracts/enterprise-orders.ts';
import type { OceanContracts } from '../../../contracts/ocean-contracts.ts';
import { deployOddContract } from '../../../contracts/odd-contracts.ts';
import { ZERO_ADDRESS } from '../../../core/protocol/address.ts';
import type { ProviderFee } from '../../../core/protocol/provider-fee.ts';
import { computeFeeAmount } from '../../../provider/compute/fee.ts';
import { downloadsOf } from './downloads.ts';
import { ENVIRONMENT_ADDRESS } from './operator-double.ts';
import type { ProviderLab, PublishedAsset } from './provider-lab.ts';
import { consumerOf, movableClock, startProviderLab } from './provider-lab.ts';

const clock = movableClock();
let lab: ProviderLab;
let dataset: PublishedAsset;
let algorithm: PublishedAsset;

beforeAll(async () => {
  lab = await startProviderLab({}, clock);
  lab.files.set('eeg.csv', 'subject,rt\n');
  lab.files.set('algo.js', 'run()');
  dataset = await lab.publish({ type: 'dataset', files: ['eeg.csv'] });
  algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
});
afterAll(() => lab.stop());

interface Quote {
  readonly datasets: readonly { validOrder?: string; providerFee: ProviderFee }[];
  readonly algorithm: { validOrder?: string; providerFee: ProviderFee };
}

async function quoteOf(elements: readonly [unknown, unknown], env = 'paid', seconds = 3600): Promise<Quote> {
  const { status, body } = await consumerOf(lab, lab.buyer).initializeCompute(...elements, env, seconds);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body as unknown as Quote;
}

describe('enterprise datatokens (template 2)', () => {
  test('are dispensed and ordered in one transaction, and its consumer downloads', async () => {
    const asset = await lab.publish({
      type: 'dataset',
      serviceType: 'access',
      files: ['eeg.csv'],
      create: (ocean) => ocean.createNftWithErc20WithDispenser({ name: 'E', symbol: 'E', templateIndex: 2 }),
    });
    const { quote, download } = downloadsOf(lab);
    const { body } = await quote(asset);
    const providerFee = (body as unknown as { providerFee: ProviderFee }).providerFee;
    const enterprise = enterpriseOrders(lab.addresses, lab.buyer.wallet);
    const order = { datatoken: asset.datatoken, consumer: lab.buyer.address, serviceIndex: 0, providerFee };
    const { transactionHash } = await enterprise.buyFromDispenserAndOrder(order);
    expect((await download(asset, transactionHash)).status).toBe(200);
    const stolen = await downloadsOf(lab, lab.stranger).download(asset, transactionHash);
    expect([stolen.status, await stolen.json()]).toMatchObject([400, { code: 'ORDER_NOT_YOURS' }]);
  });

  test('are bought at a fixed rate and ordered in one transaction, its fee included, and compute', async () => {
    const baseToken = await deployOddContract('PlainToken', lab.owner.wallet, ['Dollar', 'USD', 6]);
    let exchangeId = '';
    const asset = await lab.publish({
      type: 'dataset',
      files: ['eeg.csv'],
      create: async (ocean) => {
        const terms = { baseToken: baseToken.target, baseTokenDecimals: 6, rate: '2.5' };
        const created = await ocean.createNftWithErc20WithFixedRate(
          { name: 'E', symbol: 'E', templateIndex: 2 },
          terms,
        );
        ({ exchangeId } = created);
        return created;
      },
    });
    const buyer = consumerOf(lab, lab.buyer);
    const quote = await quoteOf([buyer.element(asset), buyer.element(algorithm)]);
    const [{ providerFee }] = quote.datasets as [Quote['datasets'][0]];
    const cost = await lab.buyer.ocean.fixedRateCost(exchangeId);
    await (
      await (baseToken.getFunction('mint')(lab.buyer.address, cost) as Promise<{ wait(): Promise<unknown> }>)
    ).wait();
    await lab.buyer.ocean.approve(baseToken.target, asset.datatoken, cost);
    await lab.buyer.ocean.approve(providerFee.providerFeeToken, asset.datatoken, BigInt(providerFee.providerFeeAmount));
    const order = { datatoken: asset.datatoken, consumer: ENVIRONMENT_ADDRESS, serviceIndex: 0, providerFee };
    const enterprise = enterpriseOrders(lab.addresses, lab.buyer.wallet);
    const { transactionHash } = await enterprise.buyFromFixedRateAndOrder(order, exchangeId, cost);
    const algorithmTx = await buyer.order(algorithm, quote.algorithm.providerFee);
    const started = await buyer.start(buyer.element(asset, transactionHash), buyer.element(algorithm, algorithmTx), {
      environment: 'paid',
    });
    expect(started).toMatchObject({ status: 200, body: [{ agreementId: transactionHash }] });
  });

  test('are started and reused like plain ones', async () => {
    const asset = await lab.publish({
      type: 'dataset',
      serviceType: 'access',
      files: ['eeg.csv'],
      create: (ocean) => ocean.createNftWithErc20({ name: 'E', symbol: 'E', templateIndex: 2 }),
    });
    const { quote, order, download } = downloadsOf(lab);
    const transaction = await order(asset);
    expect((await download(asset, transaction)).status).toBe(200);
    const { body } = await quote(asset);
    const fee = (body as unknown as { providerFee: ProviderFee }).providerFee;
    const reused = await lab.buyer.ocean.reuseOrder(asset.datatoken, transaction, fee);
    expect((await download(asset, reused.transactionHash)).status).toBe(200);
    expect((await quote(asset, { transferTxId: reused.transactionHash })).body).toEqual({ validOrder: transaction });
  });
});

test('datatokens of other templates are refused before anybody orders them', async () => {
  const plan = {
    files: ['eeg.csv'],
    create: (ocean: OceanContracts) =>
      ocean.createNftWithErc20({
        name: 'F',
        symbol: 'F',
        templateIndex: 4,
        templateArguments: {
          addresses: [String(lab.addresses.AccessListFactory), ZERO_ADDRESS, ZERO_ADDRESS],
          bytes: ['0x00'],
        },
      }),
  };
  const refusal = { status: 400, body: { code: 'DATATOKEN_TEMPLATE_UNSUPPORTED', rule: 'datatoken.template' } };
  const access = await lab.publish({ type: 'dataset', serviceType: 'access', ...plan });
  expect(await downloadsOf(lab).quote(access)).toMatchObject(refusal);
  const buyer = consumerOf(lab, lab.buyer);
  const compute = await lab.publish({ type: 'dataset', ...plan });
  expect(await buyer.initializeCompute(buyer.element(compute), buyer.element(algorithm))).toMatchObject(refusal);
  const code = await lab.publish({ type: 'algorithm', ...plan, files: ['algo.js'] });
  expect(await buyer.initializeCompute(buyer.element(dataset), buyer.element(code))).toMatchObject(refusal);
});

test('a datatoken of another data NFT is quoted for nobody', async () => {
  const foreign = await lab.owner.ocean.createNftWithErc20({ name: 'A', symbol: 'A' });
  const asset = await lab.publish({
    type: 'dataset',
    serviceType: 'access',
    files: ['eeg.csv'],
    service: { datatokenAddress: foreign.datatoken },
  });
  expect(await downloadsOf(lab).quote(asset)).toMatchObject({ status: 400, body: { code: 'ORDER_DATATOKEN_FOREIGN' } });
});

describe('fees', () => {
  const provider = () => lab.chain.accounts[8] ?? { address: '', privateKey: '' };
  const useFeeToken = (feeToken: string): Promise<void> =>
    lab.killAndRestart({
      chains: [
        {
          chainId: lab.chain.chainId,
          rpcUrl: lab.chain.rpcUrl,
          addressBook: lab.addresses,
          privateKey: provider().privateKey,
          feeToken,
        },
      ],
    });
  const mintTo = async (token: Awaited<ReturnType<typeof deployOddContract>>, amount: string): Promise<void> => {
    const sent = (await token.getFunction('mint')(lab.buyer.address, BigInt(amount))) as { wait(): Promise<unknown> };
    await sent.wait();
  };

  test.each([6, 8, 18])('in a token with %i decimals: what is quoted is what the Provider gets', async (decimals) => {
    const token = await deployOddContract('PlainToken', lab.owner.wallet, ['T', 'T', decimals]);
    await useFeeToken(token.target);
    const buyer = consumerOf(lab, lab.buyer);
    const quote = await quoteOf([buyer.element(dataset), buyer.element(algorithm)]);
    const [{ providerFee }] = quote.datasets as [Quote['datasets'][0]];
    const amount = BigInt(providerFee.providerFeeAmount);
    expect(providerFee.providerFeeToken).toBe(token.target);
    // 0.5 a minute for an hour, less the second in which the quote was made.
    expect(amount).toBeLessThanOrEqual(30n * 10n ** BigInt(decimals));
    expect(amount).toBeGreaterThanOrEqual(computeFeeAmount(3590, 0.5, decimals));
    expect(quote.algorithm.providerFee.providerFeeAmount).toBe('0');
    await mintTo(token, providerFee.providerFeeAmount);
    const datasetTx = await buyer.order(dataset, providerFee);
    expect(await lab.buyer.ocean.balanceOf(token.target, provider().address)).toBe(amount);
    const algorithmTx = await buyer.order(algorithm, quote.algorithm.providerFee);
    // The Provider has come to want another token meanwhile: the order was paid as it was quoted.
    await lab.killAndRestart();
    const elements = [buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx)] as const;
    expect((await buyer.start(...elements, { environment: 'paid' })).status).toBe(200);
  });

  test('in a token that keeps a part of every transfer: the datatoken takes no such order', async () => {
    const token = await deployOddContract('FeeOnTransferToken', lab.owner.wallet);
    await useFeeToken(token.target);
    const buyer = consumerOf(lab, lab.buyer);
    const paid = await quoteOf([buyer.element(dataset), buyer.element(algorithm)]);
    const [{ providerFee }] = paid.datasets as [Quote['datasets'][0]];
    await mintTo(token, providerFee.providerFeeAmount);
    await expect(buyer.order(dataset, providerFee)).rejects.toMatchObject({ code: 'CHAIN_TX_REFUSED' });
    expect(await lab.buyer.ocean.balanceOf(token.target, provider().address)).toBe(0n);
    const free = await quoteOf([buyer.element(dataset), buyer.element(algorithm)], 'free');
    const elements = [
      buyer.element(dataset, await buyer.order(dataset, free.datasets[0]?.providerFee)),
      buyer.element(algorithm, await buyer.order(algorithm, free.algorithm.providerFee)),
    ] as const;
    expect((await buyer.start(...elements)).status).toBe(200);
    await lab.killAndRestart();
  });

  test('in what is no token: the Provider says that it is its own mistake', async () => {
    await useFeeToken(lab.stranger.address);
    const buyer = consumerOf(lab, lab.buyer);
    const answer = await buyer.initializeCompute(buyer.element(dataset), buyer.element(algorithm), 'paid');
    expect(answer).toMatchObject({ status: 502, body: { code: 'FEE_TOKEN_INVALID' } });
    await lab.killAndRestart();
  });

  test('that have ended are renewed by a reuse, and the order goes on', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const quote = await quoteOf([buyer.element(dataset), buyer.element(algorithm)], 'paid', 600);
    const datasetTx = await buyer.order(dataset, quote.datasets[0]?.providerFee);
    const algorithmTx = await buyer.order(algorithm, quote.algorithm.providerFee);
    clock.move(700);
    const elements = [buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx)] as const;
    expect(await buyer.start(...elements, { environment: 'paid' })).toMatchObject({
      status: 400,
      body: { code: 'ORDER_FEE_EXPIRED', error: { 'dataset.serviceId': 'order_invalid' } },
    });
    const renewed = await quoteOf(elements, 'paid', 700 + 900);
    expect(renewed).toMatchObject({ datasets: [{ validOrder: datasetTx }], algorithm: { validOrder: algorithmTx } });
    const fees = [renewed.datasets[0]?.providerFee, renewed.algorithm.providerFee] as const;
    await lab.buyer.ocean.approve(lab.addresses.Ocean, dataset.datatoken, BigInt(fees[0]?.providerFeeAmount ?? 0));
    const reused = await lab.buyer.ocean.reuseOrder(dataset.datatoken, datasetTx, fees[0] as ProviderFee);
    const reusedAlgorithm = await lab.buyer.ocean.reuseOrder(algorithm.datatoken, algorithmTx, fees[1]);
    const started = await buyer.start(
      buyer.element(dataset, reused.transactionHash),
      buyer.element(algorithm, reusedAlgorithm.transactionHash),
      { environment: 'paid' },
    );
    expect(started).toMatchObject({ status: 200, body: [{ agreementId: reused.transactionHash }] });
    // P5: what was paid for is 900 seconds, whatever the environment allows.
    const seconds = lab.operator.started.at(-1)?.workflow.stages[0].compute.maxDurationSeconds;
    expect(seconds).toBeGreaterThan(800);
    expect(seconds).toBeLessThanOrEqual(900);
  });
});
