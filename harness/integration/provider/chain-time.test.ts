import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock, nowSeconds } from '../../../core/clock.ts';
import { ENVIRONMENT_ADDRESS } from './operator-double.ts';
import type { ProviderLab, PublishedAsset } from './provider-lab.ts';
import { consumerOf, exchange, startProviderLab } from './provider-lab.ts';

/** By how much the chain's time is ahead of everybody's clock. */
const AHEAD_SECONDS = 7200;

let lab: ProviderLab;
let dataset: PublishedAsset;
let algorithm: PublishedAsset;

beforeAll(async () => {
  lab = await startProviderLab();
  lab.files.set('a.csv', 'a,b\n');
  lab.files.set('algo.js', 'run()');
  algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
  dataset = await lab.publish({ type: 'dataset', files: ['a.csv'] });
  await lab.chain.advanceTime(AHEAD_SECONDS);
  await lab.chain.mine();
});
afterAll(() => lab.stop());

async function chainTime(): Promise<number> {
  const question = { jsonrpc: '2.0', id: 1, method: 'eth_getBlockByNumber', params: ['latest', false] };
  const { body } = await exchange(lab.chain.rpcUrl, { body: question });
  return Number((body['result'] as { timestamp: string }).timestamp);
}

const tooEarly = { status: 400, body: { code: 'VALID_UNTIL_INVALID', rule: 'fee.validUntil' } };

test('a quote lasts from the later clock on: what it asks for is paid, and starts the job', async () => {
  const buyer = consumerOf(lab, lab.buyer);
  const elements = [buyer.element(dataset), buyer.element(algorithm)] as const;
  expect(await buyer.initializeCompute(...elements, 'paid', AHEAD_SECONDS - 60)).toMatchObject(tooEarly);
  const now = await chainTime();
  const { body } = await buyer.initializeCompute(...elements, 'paid', AHEAD_SECONDS + 600);
  const quote = body as unknown as {
    datasets: [{ providerFee: { providerFeeAmount: string; validUntil: number } }];
    algorithm: { providerFee: unknown };
  };
  const { providerFeeAmount, validUntil } = quote.datasets[0].providerFee;
  // 0.5 a minute.
  expect(BigInt(providerFeeAmount)).toBe((BigInt(validUntil - now) * 10n ** 18n) / 120n);
  const datasetTx = await buyer.order(dataset, quote.datasets[0].providerFee);
  const algorithmTx = await buyer.order(algorithm, quote.algorithm.providerFee);
  const paid = [buyer.element(dataset, datasetTx), buyer.element(algorithm, algorithmTx)] as const;
  expect(await buyer.start(...paid, { environment: 'paid' })).toMatchObject({ status: 200 });
});

test('so does a quote for a job at another Provider', async () => {
  const buyer = consumerOf(lab, lab.buyer);
  const ask = (seconds: number) => {
    const fields = {
      documentId: dataset.did,
      serviceId: 'svc-1',
      consumerAddress: lab.buyer.address,
      environment: 'free',
      environmentAddress: ENVIRONMENT_ADDRESS,
      validUntil: String(nowSeconds(systemClock) + seconds),
    };
    return exchange(buyer.api(`initialize?${new URLSearchParams(fields)}`));
  };
  expect(await ask(AHEAD_SECONDS - 60)).toMatchObject(tooEarly);
  expect(await ask(AHEAD_SECONDS + 600)).toMatchObject({ status: 200, body: { datatoken: dataset.datatoken } });
});
