import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClassicNetwork, ClassicPorts } from '../../cli/classic-network.ts';
import { classicNetwork } from '../../cli/classic-network.ts';
import { quietPorts } from '../../cli/testing/quiet-ports.ts';
import { publish } from './assets.ts';
import { algorithmDraft, computeDraft, filesOf, sourceOf } from './documents.ts';
import { guideProgram } from './guide.ts';
import type { JobRequest } from './jobs.ts';
import { chooseEnvironment, ended, giveDatatokens, order, start } from './jobs.ts';
import type { OceanJsLab } from './lab.ts';
import { startOceanJsLab } from './lab.ts';
import { ethers, oceanJs } from './ocean-js.ts';
import { setVariables } from './variables.ts';
// In place of the network that suites and the library's own guides were written for. Its ports may be anybody's on this
// machine: NODE_URI, AQUARIUS_URL and PROVIDER_URL say others, as the guides allow.
let home: string;
let ports: ClassicPorts;
let classic: ClassicNetwork;
let lab: OceanJsLab;
let restore: () => void;
/** As test assets of the classic network name their images: a digest that one registry knows. */
const UBUNTU = { image: 'ubuntu', tag: 'latest', checksum: `sha256:${'2d'.repeat(32)}` };

/** Registers the tests; once per file. */
export function describeClassic(): void {
  beforeAll(async () => {
    home = mkdtempSync(path.join(tmpdir(), 'home-'));
    writeFileSync(path.join(home, 'shs_dataset_test.txt'), 'hello');
    ports = await quietPorts();
    classic = classicNetwork({
      stateRoot: path.join(home, 'state'),
      env: { HOME: home },
      providers: 1,
      backend: 'embedded',
      images: [],
      ports,
    });
    await classic.begin();
    const mirrors = [`https://raw.githubusercontent.com/oceanprotocol/testdatasets/main/=${home}`];
    lab = await startOceanJsLab({ ...classic.config, mirrors, quirks: ['ended-is-70', 'public-result-names'] });
    restore = setVariables({ NODE_URI: lab.testbed.endpoints.rpcUrl });
  });
  afterAll(async () => {
    restore?.();
    await lab?.stop();
    classic?.end();
    rmSync(home, { recursive: true, force: true });
  });

  test('the services are at the ports that were asked for, the accounts where suites have them written down', async () => {
    const { rpcUrl, metadataCacheUrl, providers, operatorServiceUrl } = lab.testbed.endpoints;
    expect([rpcUrl, metadataCacheUrl, providers[0]?.url, operatorServiceUrl]).toEqual([
      `http://127.0.0.1:${ports.chain}`,
      `http://127.0.0.1:${ports.metadataCache}`,
      `http://127.0.0.1:${ports.provider}`,
      `http://127.0.0.1:${ports.operatorService}`,
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

  test('assets that name addresses of the docker network are resolved and computed on', async () => {
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
        await oceanJs.ProviderInstance.encrypt(asset, 8996, lab.providerUrl),
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

  test('ComputeExamples.md: from publishing to the result of a job', async () => {
    let jobId = '';
    const program = guideProgram('ComputeExamples.md', {
      replace: [
        // Its steps are functions of their own, in which these names are declared anew.
        ['let config: Config\n', ''],
        ['    const datatoken = new Datatoken(', '    datatoken = new Datatoken('],
        // What the guide leaves out: the consumer pays.
        ['    computeEnvs = await', '    datatoken = new Datatoken(consumerAccount, 8996)\n    computeEnvs = await'],
        // It waits ten seconds; so long as the job needs will do.
        ['    await sleep(10000)', '    await sleep(computeJobId)'],
      ],
      provide: { sleep: async (id: string) => void (await ended(lab, (jobId = id))) },
      result: 'downloadURL',
    });
    const { filename, data } = await oceanJs.downloadFile((await program()) as string);
    // The algorithm of the guide is a text file: Node says so in the log.
    expect([filename, Buffer.from(data).toString()]).toEqual(['algorithm.log', expect.stringContaining('hello')]);
    expect(jobId).toMatch(/^[0-9a-f]{32}$/);
  });

  test('CodeExamples.md: fixed rate, dispenser, orders, downloads, data in the NFT', async () => {
    const downloaded: string[] = [];
    const program = guideProgram('CodeExamples.md', {
      replace: [
        ['  let config: Config\n', ''],
        // The end of a function that the guide does not begin.
        ['      isAssetValid.hash\n    )\n  })', '      isAssetValid.hash\n    )'],
      ],
      provide: {
        async downloadFile(url: string) {
          const file = await oceanJs.downloadFile(url);
          downloaded.push(file.filename);
          return file;
        },
      },
      result: "nft.getData(freNftAddress, '0x1234')",
    });
    expect(await program()).toBe('SomeData');
    expect(downloaded).toEqual(['shs_dataset_test.txt', 'shs_dataset_test.txt']);
  });
}
