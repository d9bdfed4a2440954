import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeServer, listen } from '../../../core/http-listen.ts';
import type { ClassicNetwork } from '../../cli/classic-network.ts';
import { classicNetwork } from '../../cli/classic-network.ts';
import { guideProgram } from './guide.ts';
import { ended } from './jobs.ts';
import type { OceanJsLab } from './lab.ts';
import { startOceanJsLab } from './lab.ts';
import { oceanJs } from './ocean-js.ts';
import { setVariables } from './variables.ts';

// What the guides of the library say, to the letter, in place of the network that they were written for. Its ports may
// be anybody's on this machine: NODE_URI, AQUARIUS_URL and PROVIDER_URL say others, as the guides allow.
let home: string;
let classic: ClassicNetwork;
let lab: OceanJsLab;
let restore: () => void;
beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'home-'));
  writeFileSync(path.join(home, 'shs_dataset_test.txt'), 'hello');
  const servers = Array.from({ length: 4 }, () => createServer());
  const ports = (await Promise.all(servers.map((server) => listen(server)))).map(({ port }) => port);
  await Promise.all(servers.map(closeServer));
  const [chain = 0, metadataCache = 0, provider = 0, operatorService = 0] = ports;
  classic = classicNetwork({
    env: { HOME: home },
    providers: 1,
    backend: 'embedded',
    images: [],
    ports: { chain, metadataCache, provider, operatorService },
  });
  await classic.begin();
  const mirrors = [`https://raw.githubusercontent.com/oceanprotocol/testdatasets/main/=${home}`];
  lab = await startOceanJsLab({ ...classic.config, mirrors });
  restore = setVariables({ NODE_URI: lab.testbed.endpoints.rpcUrl });
});
afterAll(async () => {
  restore?.();
  await lab?.stop();
  classic?.end();
  rmSync(home, { recursive: true, force: true });
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
