import { beforeAll, describe, expect, test } from 'vitest';
import type { Published } from './assets.ts';
import { publish } from './assets.ts';
import { algorithmDraft, computeDraft, containerOf, filesOf, sourceOf } from './documents.ts';
import type { JobRequest } from './jobs.ts';
import {
  chooseEnvironment,
  ended,
  environments,
  giveDatatokens,
  initialize,
  order,
  result,
  start,
  status,
} from './jobs.ts';
import type { OceanJsLab } from './lab.ts';
import { oceanJs } from './ocean-js.ts';

const { ProviderInstance } = oceanJs;

let lab: OceanJsLab;
let urls: string[];
let datasets: Published[];

const algorithm = () => ({
  meta: { rawcode: sourceOf('echo-parameters'), language: 'node', version: '1', container: containerOf(lab) },
});

/** Prints every file of every input. */
const readsAll = () => ({
  meta: {
    rawcode: `const { readdirSync, readFileSync } = require('node:fs');
for (const did of JSON.parse(process.env.DIDS)) for (const file of readdirSync('/data/inputs/' + did))
  console.log(readFileSync('/data/inputs/' + did + '/' + file, 'utf8'));`,
    language: 'node',
    version: '1',
    container: containerOf(lab),
  },
});

/** Registers the tests; once per file. */
export function describeTwoProviders(given: () => OceanJsLab): void {
  beforeAll(async () => {
    lab = given();
    urls = lab.testbed.endpoints.providers.map(({ url }) => url);
    datasets = [];
    for (const [i, providerUrl] of urls.entries()) {
      const { url } = lab.testbed.servers.euLab.publish(`data${i}.txt`, `data of ${i}`);
      datasets.push(await publish(lab, filesOf(url), computeDraft(), { providerUrl }));
    }
  });

  test('each has a key, environments and an operator of its own', async () => {
    const { providers, accounts } = lab.testbed.endpoints;
    expect(providers.map(({ name }) => name)).toEqual(['provider', 'provider2']);
    for (const own of ['url', 'address', 'operatorServiceUrl'] as const)
      expect(new Set(providers.map((provider) => provider[own])).size).toBe(2);
    expect(accounts.map(({ name }) => name)).toEqual(expect.arrayContaining(['provider2', 'environment2']));
    const offers = await Promise.all(urls.map((url) => environments(lab, url)));
    expect(offers.map((list) => list.map(({ id }) => id))).toEqual([
      ['ocean-compute', 'ocean-compute-env2'],
      ['ocean-compute', 'ocean-compute-env2'],
    ]);
    expect(new Set(offers.map(([offer]) => offer?.consumerAddress)).size).toBe(2);
  });

  test('datasets at both are computed on, each by its own Provider', async () => {
    const jobs = [];
    for (const [i, dataset] of datasets.entries()) {
      const providerUrl = urls[i] ?? '';
      const environment = await chooseEnvironment(lab, true, providerUrl);
      const request: JobRequest = { datasets: [dataset], algorithm: algorithm(), environment, providerUrl };
      await giveDatatokens(lab, [dataset]);
      jobs.push(await start(lab, request, await order(lab, request)));
    }
    for (const [i, { jobId }] of jobs.entries()) {
      const job = await ended(lab, jobId, urls[i]);
      expect(job).toMatchObject({ status: 70, inputDID: [datasets[i]?.did] });
      const output = job.results.find(({ type }) => type === 'output');
      expect((await result(lab, jobId, output?.index ?? -1, urls[i])).text).toContain('"sha256"');
    }
    const [first] = jobs;
    await expect(status(lab, first?.jobId ?? '', urls[1])).rejects.toThrow('is not listed');
  });

  describe('one job over both', () => {
    test.each([
      ['quoted, paid and run at the first', 0, true],
      ['at the second, in a paid environment', 1, false],
    ])('is %s, and reads both datasets', async (_name, at, isFree) => {
      const providerUrl = urls[at] ?? '';
      const environment = await chooseEnvironment(lab, isFree, providerUrl);
      const request: JobRequest = { datasets, algorithm: readsAll(), environment, providerUrl };
      await giveDatatokens(lab, datasets);
      const orders = await order(lab, request);
      const signers = orders.quote.datasets?.map(({ providerFee }) => providerFee?.providerFeeAddress);
      expect(signers).toEqual(lab.testbed.endpoints.providers.map(({ address }) => address));
      const { jobId } = await start(lab, request, orders);
      const job = await ended(lab, jobId, providerUrl);
      expect(job).toMatchObject({ status: 70, inputDID: datasets.map(({ did }) => did) });
      const log = job.results.find(({ type }) => type === 'algorithmLog');
      const { text } = await result(lab, jobId, log?.index ?? -1, providerUrl);
      expect(text.trim().split('\n').toSorted()).toEqual(['data of 0', 'data of 1']);
    });

    test('runs an algorithm that the other one serves', async () => {
      const [dataset] = datasets;
      if (!dataset) throw new Error('no dataset');
      const { url } = lab.testbed.servers.usLab.publish('reads-all.js', readsAll().meta.rawcode);
      const code = await publish(lab, filesOf(url), algorithmDraft(lab), { providerUrl: urls[1] ?? '' });
      const environment = await chooseEnvironment(lab, true);
      const request: JobRequest = { datasets: [dataset], algorithm: code, environment };
      await giveDatatokens(lab, [dataset, code]);
      const { jobId } = await start(lab, request, await order(lab, request));
      const job = await ended(lab, jobId);
      expect(job).toMatchObject({ status: 70, algoDID: code.did });
      const log = job.results.find(({ type }) => type === 'algorithmLog');
      expect((await result(lab, jobId, log?.index ?? -1)).text.trim()).toBe('data of 0');
    });

    test('is started again with the same orders', async () => {
      const environment = await chooseEnvironment(lab, true);
      const request: JobRequest = { datasets, algorithm: readsAll(), environment };
      await giveDatatokens(lab, datasets);
      const before = await order(lab, request);
      const first = await start(lab, request, before);
      await ended(lab, first.jobId);
      const again = await order(lab, { ...request, before, seconds: 60 });
      expect(again.datasets).toEqual(before.datasets);
      const { jobId } = await start(lab, request, again);
      expect(await ended(lab, jobId)).toMatchObject({ status: 70 });
    });

    test('is refused when it is quoted, before anything is paid, where one of them does not allow the algorithm', async () => {
      const environment = await chooseEnvironment(lab, true);
      const { url } = lab.testbed.servers.euLab.publish('closed.txt', 'closed');
      const closed = await publish(lab, filesOf(url), computeDraft({ allowRawAlgorithm: false }), {
        providerUrl: urls[1] ?? '',
      });
      const [main] = datasets;
      if (!main) throw new Error('no dataset');
      const request = { datasets: [main, closed], algorithm: readsAll(), environment };
      await expect(initialize(lab, request)).rejects.toThrow('no_raw_algo_allowed');
    });
  });

  test('an order of one opens nothing at the other', async () => {
    const [dataset] = datasets;
    if (!dataset) throw new Error('no dataset');
    const environment = await chooseEnvironment(lab, true);
    const request: JobRequest = { datasets: [dataset], algorithm: algorithm(), environment };
    await giveDatatokens(lab, [dataset]);
    const orders = await order(lab, request);
    await expect(start(lab, { ...request, providerUrl: urls[1] ?? '' }, orders)).rejects.toThrow('did not start');
    expect(await ProviderInstance.isValidProvider(urls[1] ?? '')).toBe(true);
  });
}
