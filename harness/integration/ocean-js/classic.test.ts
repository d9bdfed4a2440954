import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isWavetankError } from '../../../core/errors.ts';
import type { ClassicNetwork } from '../../cli/classic-network.ts';
import { classicNetwork } from '../../cli/classic-network.ts';
import { publish } from './assets.ts';
import { algorithmDraft, computeDraft, filesOf, sourceOf } from './documents.ts';
import type { JobRequest } from './jobs.ts';
import { chooseEnvironment, ended, giveDatatokens, order, start } from './jobs.ts';
import type { OceanJsLab } from './lab.ts';
import { startOceanJsLab } from './lab.ts';
import { ethers, oceanJs } from './ocean-js.ts';

const { ProviderInstance } = oceanJs;

/** As test assets of the classic network name their images: a digest that one registry knows. */
const UBUNTU = { image: 'ubuntu', tag: 'latest', checksum: `sha256:${'2d'.repeat(32)}` };

describe('in place of the classic docker network', () => {
  let home: string;
  let classic: ClassicNetwork;
  let taken: string | undefined;
  let lab: OceanJsLab;
  beforeAll(async () => {
    home = mkdtempSync(path.join(tmpdir(), 'home-'));
    classic = classicNetwork({ env: { HOME: home }, providers: 1, backend: 'embedded', images: [] });
    taken = await classic.begin().then(
      () => undefined,
      (error: Error) => (isWavetankError(error) && error.code === 'PORT_TAKEN' ? error.message : 'not begun'),
    );
    if (taken !== undefined) return;
    lab = await startOceanJsLab({ ...classic.config, quirks: ['ended-is-70', 'public-result-names'] });
  });
  afterAll(async () => {
    await lab?.stop();
    classic?.end();
    rmSync(home, { recursive: true, force: true });
  });

  test('the node, the services and the accounts are where suites have them written down', async ({ skip }) => {
    skip(taken !== undefined, taken);
    const { rpcUrl, metadataCacheUrl, providers, operatorServiceUrl } = lab.testbed.endpoints;
    expect([rpcUrl, metadataCacheUrl, providers[0]?.url, operatorServiceUrl]).toEqual([
      'http://127.0.0.1:8545',
      'http://127.0.0.1:5000',
      'http://127.0.0.1:8030',
      'http://127.0.0.1:31000',
    ]);
    expect(await Promise.all([0, 1, 2, 8].map((i) => lab.account(i).getAddress()))).toEqual([
      '0xe2DD09d719Da89e5a3D0F2549c7E24566e947260',
      '0xBE5449a6A97aD46c8558A3356267Ee5D2731ab5e',
      '0xA78deb2Fa79463945C247991075E2a0e98Ba7A09',
      '0xe08A1dAe983BC701D05E492DB80e0144f8f4b909',
    ]);
    const mint = new ethers.Contract(lab.contracts.ocean, ['function mint(address,uint256)'], lab.publisher);
    await mint['mint']?.(await lab.consumer.getAddress(), 5);
    const balance = await oceanJs.balance(lab.consumer, lab.contracts.ocean, await lab.consumer.getAddress());
    expect(Number(balance)).toBeGreaterThan(0);
  });

  test('assets that name addresses of the docker network are resolved and computed on', async ({ skip }) => {
    skip(taken !== undefined, taken);
    const { euLab, usLab } = lab.testbed.servers;
    const data = await publish(lab, filesOf(euLab.publish('a.txt', 'hello').url), computeDraft());
    const draft = algorithmDraft(lab);
    draft.metadata['algorithm'] = {
      language: 'node',
      version: '1',
      container: { ...UBUNTU, entrypoint: 'node $ALGO' },
    };
    const algorithm = await publish(lab, filesOf(usLab.publish('fails.cjs', sourceOf('fails')).url), draft);
    for (const { asset } of [data, algorithm]) {
      for (const service of asset.services) service.serviceEndpoint = 'http://172.15.0.4:8030';
      const sent = await new oceanJs.Nft(lab.publisher, 8996).setMetadata(
        asset.nftAddress,
        await lab.publisher.getAddress(),
        0,
        'http://172.15.0.4:8030/',
        '',
        ethers.utils.hexlify(2),
        await ProviderInstance.encrypt(asset, 8996, lab.providerUrl),
        (await lab.aquarius.validate(asset)).hash ?? '',
      );
      const edited = await lab.aquarius.waitForIndexer(asset.id, sent.hash, undefined, 50, 20);
      expect(edited?.services[0]?.serviceEndpoint).toBe('http://172.15.0.4:8030');
    }
    const environment = await chooseEnvironment(lab, true);
    const request: JobRequest = { datasets: [data], algorithm, environment };
    await giveDatatokens(lab, [data, algorithm]);
    const job = await ended(lab, (await start(lab, request, await order(lab, request))).jobId);
    // The algorithm fails; the quirk says 70 all the same, and names results to whoever polls.
    expect(job).toMatchObject({ status: 70, statusText: 'Job finished' });
    expect(job.results.map(({ filename }) => filename)).toContain('algorithm.log');
    expect(lab.testbed.standIns).toContain('ubuntu=node');
    expect(lab.testbed.endpoints.quirks).toEqual(['ended-is-70', 'public-result-names']);
  });
});
