import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Published } from './assets.ts';
import { edit, publish } from './assets.ts';
import { ENDLESS_CODE, algorithmDraft, computeDraft, containerOf, filesOf, sourceOf } from './documents.ts';
import type { ComputeAlgorithm, ComputeJob, JobRequest } from './jobs.ts';
import { chooseEnvironment, ended, giveDatatokens, initialize, order, result, start, status } from './jobs.ts';
import type { OceanJsLab } from './lab.ts';
import { ethers, oceanJs } from './ocean-js.ts';

const { ProviderInstance } = oceanJs;

let lab: OceanJsLab;
let dataset: Published;
let algorithm: Published;
let raw: ComputeAlgorithm;
/** An algorithm knows a dataset by the folder that it lies in. */
const folderOf = ({ did }: Published): string => did.replace('did:op:', '');

/** What echo-parameters wrote about itself. */
async function echoed({ jobId, results }: ComputeJob): Promise<Record<string, unknown>> {
  // By type: the unsigned status, which is the only one that the library asks for, withholds names.
  const output = results.find(({ type }) => type === 'output');
  const { filename, text } = await result(lab, jobId, output?.index ?? -1);
  expect(filename).toBe('parameters.json');
  return JSON.parse(text) as Record<string, unknown>;
}

/** Registers the tests; once per file. */
export function describeCompute(given: () => OceanJsLab): void {
  beforeAll(async () => {
    lab = given();
    const { euLab, usLab } = lab.testbed.servers;
    const url = euLab.publish('data.txt', 'hello').url;
    const code = usLab.publish('echo.cjs', sourceOf('echo-parameters')).url;
    dataset = await publish(lab, filesOf(url), computeDraft());
    algorithm = await publish(lab, filesOf(code), algorithmDraft(lab));
    raw = {
      meta: { rawcode: sourceOf('echo-parameters'), language: 'node', version: '1', container: containerOf(lab) },
    };
    const address = await lab.consumer.getAddress();
    await oceanJs.transfer(lab.publisher, lab.config, lab.contracts.ocean, address, '1000');
  });

  test('the environments: one is free, one has a price, each tells who consumes for it', async () => {
    const [free, paid] = [await chooseEnvironment(lab, true), await chooseEnvironment(lab, false)];
    expect([free.id, free.priceMin, paid.id, paid.priceMin]).toEqual(['ocean-compute', 0, 'ocean-compute-env2', 1]);
    expect(ethers.utils.isAddress(free.consumerAddress)).toBe(true);
  });

  describe('a job in the free environment', () => {
    test('runs a published algorithm with parameters; its results come by index', async () => {
      const request: JobRequest = { datasets: [dataset], algorithm, environment: await chooseEnvironment(lab, true) };
      await giveDatatokens(lab, [dataset, algorithm]);
      const orders = await order(lab, request);
      expect(orders.quote.datasets?.[0]?.providerFee?.providerFeeAmount).toBe('0');
      const started = await start(lab, request, orders, { algorithm: { algocustomdata: { threshold: 3 } } });
      expect(started).toMatchObject({ owner: await lab.consumer.getAddress(), status: 1, inputDID: [dataset.did] });
      const job = await ended(lab, started.jobId);
      expect(job).toMatchObject({ status: 70, statusText: 'Job finished', algoDID: algorithm.did });
      expect(job.results.map(({ type }) => type)).toEqual(expect.arrayContaining(['algorithmLog', 'output']));
      const written = await echoed(job);
      expect(written).toMatchObject({ algoCustomData: { threshold: 3 }, dids: [folderOf(dataset)] });
      expect(JSON.stringify(written['files'])).toContain(createHash('sha256').update('hello').digest('hex'));
      const log = job.results.find(({ type }) => type === 'algorithmLog');
      expect(await result(lab, job.jobId, log?.index ?? -1)).toMatchObject({
        filename: 'algorithm.log',
        text: expect.stringContaining('saw '),
      });
      await expect(result(lab, job.jobId, 99)).rejects.toThrow('Response error.');

      // The same orders start the next job, with nothing more to pay.
      const again = await order(lab, { ...request, seconds: 60, before: orders });
      expect([again.algorithm, ...again.datasets]).toEqual([orders.algorithm, ...orders.datasets]);
      const next = await start(lab, request, again);
      expect(next.jobId).not.toBe(started.jobId);
      expect(await ended(lab, next.jobId)).toMatchObject({ status: 70 });
      const all = await ProviderInstance.computeStatus(lab.providerUrl, await lab.consumer.getAddress());
      expect([all].flat().map(({ jobId }) => jobId)).toEqual(expect.arrayContaining([started.jobId, next.jobId]));
    });

    test('runs code that the consumer brings', async () => {
      const request: JobRequest = {
        datasets: [dataset],
        algorithm: raw,
        environment: await chooseEnvironment(lab, true),
      };
      await giveDatatokens(lab, [dataset]);
      const orders = await order(lab, request);
      expect(orders.algorithm).toBeUndefined();
      const started = await start(lab, request, orders, { algorithm: { algocustomdata: { raw: true } } });
      const job = await ended(lab, started.jobId);
      expect(job).toMatchObject({ status: 70, algoDID: '' });
      expect(await echoed(job)).toMatchObject({ algoCustomData: { raw: true } });
    });

    test('takes a second dataset', async () => {
      const second = await publish(
        lab,
        filesOf(lab.testbed.servers.euLab.publish('more.txt', 'world').url),
        computeDraft(),
      );
      const datasets = [dataset, second];
      const request: JobRequest = { datasets, algorithm, environment: await chooseEnvironment(lab, true) };
      await giveDatatokens(lab, [...datasets, algorithm]);
      const job = await ended(lab, (await start(lab, request, await order(lab, request))).jobId);
      expect(job).toMatchObject({ status: 70, inputDID: [dataset.did, second.did] });
      expect(await echoed(job)).toMatchObject({ dids: datasets.map(folderOf) });
    });
  });

  describe('a job in the paid environment', () => {
    test('costs its minutes once; more time costs again without another datatoken', async () => {
      const environment = await chooseEnvironment(lab, false);
      const request: JobRequest = { datasets: [dataset], algorithm, environment, seconds: 600 };
      await giveDatatokens(lab, [dataset, algorithm]);
      const address = await lab.consumer.getAddress();
      const balance = async (): Promise<number> =>
        Number(await oceanJs.balance(lab.consumer, lab.contracts.ocean, address));
      const before = await balance();
      const orders = await order(lab, request);
      const paid = before - (await balance());
      expect(paid).toBeGreaterThan(9);
      expect(paid).toBeLessThan(10.1);
      const job = await ended(lab, (await start(lab, request, orders)).jobId);
      expect(job).toMatchObject({ status: 70 });

      const sameTime = await initialize(lab, { ...request, seconds: 60, before: orders });
      expect(sameTime.datasets?.[0]).toEqual({ validOrder: orders.datasets[0] });
      const longer = { ...request, seconds: 1200, before: orders };
      const renewed = await order(lab, longer);
      expect(renewed.quote.datasets?.[0]).toMatchObject({ validOrder: orders.datasets[0] });
      expect(renewed.datasets[0]).not.toBe(orders.datasets[0]);
      expect(before - (await balance())).toBeGreaterThan(paid + 9);
      expect(await ended(lab, (await start(lab, longer, renewed)).jobId)).toMatchObject({ status: 70 });
    });

    test('is not started for the price of the free one', async () => {
      const [free, paid] = [await chooseEnvironment(lab, true), await chooseEnvironment(lab, false)];
      const request: JobRequest = { datasets: [dataset], algorithm, environment: free };
      await giveDatatokens(lab, [dataset, algorithm]);
      const orders = await order(lab, request);
      await expect(start(lab, request, { ...orders, environment: paid })).rejects.toThrow('did not start');
    });
  });

  describe('a job', () => {
    const endless = (): ComputeAlgorithm => ({
      meta: { ...raw.meta, rawcode: ENDLESS_CODE, container: containerOf(lab) } as NonNullable<
        ComputeAlgorithm['meta']
      >,
    });

    test('is stopped by its owner alone, and deleted', async () => {
      const environment = await chooseEnvironment(lab, true);
      const request: JobRequest = { datasets: [dataset], algorithm: endless(), environment };
      await giveDatatokens(lab, [dataset]);
      const { jobId } = await start(lab, request, await order(lab, request));
      const address = await lab.consumer.getAddress();
      await expect(
        ProviderInstance.computeStop(dataset.did, address, jobId, lab.providerUrl, lab.account(3)),
      ).rejects.toThrow(/signature/i);
      const stopped = await ProviderInstance.computeStop(dataset.did, address, jobId, lab.providerUrl, lab.consumer);
      expect([stopped].flat()).toEqual([expect.objectContaining({ jobId })]);
      const job = await ended(lab, jobId);
      expect(job.status).not.toBe(70);
      await ProviderInstance.computeDelete(dataset.did, lab.consumer, jobId, lab.providerUrl);
    });

    test('that nobody has is not told of', async () => {
      await expect(status(lab, '0'.repeat(32))).rejects.toThrow('is not listed');
    });
  });

  test('a dataset that trusts one algorithm runs no other', async () => {
    const trusting = await publish(
      lab,
      filesOf(lab.testbed.servers.euLab.publish('data.txt', 'hello').url),
      computeDraft(),
    );
    const infos = await ProviderInstance.checkDidFiles(algorithm.did, 'code', lab.providerUrl, true);
    const { container } = algorithm.asset.metadata.algorithm ?? {};
    const changed = structuredClone(trusting.asset);
    Object.assign(changed.services[0]?.compute ?? {}, {
      allowRawAlgorithm: false,
      publisherTrustedAlgorithms: [
        {
          did: algorithm.did,
          filesChecksum: infos.map(({ checksum }) => checksum).join(''),
          containerSectionChecksum: oceanJs.getHash(`${container?.entrypoint}${container?.checksum}`),
        },
      ],
    });
    const asset = await edit(lab, changed);
    expect(asset?.services[0]?.compute?.publisherTrustedAlgorithms).toHaveLength(1);
    const environment = await chooseEnvironment(lab, true);
    await expect(initialize(lab, { datasets: [trusting], algorithm: raw, environment })).rejects.toThrow(
      'no_raw_algo_allowed',
    );
    const request: JobRequest = { datasets: [trusting], algorithm, environment };
    await giveDatatokens(lab, [trusting, algorithm]);
    const job = await ended(lab, (await start(lab, request, await order(lab, request))).jobId);
    expect(job).toMatchObject({ status: 70 });
  });
}
