import { readFileSync } from 'node:fs';
import { Wallet, parseEther } from 'ethers';
import type { OceanAddresses } from '../../contracts/address-book.ts';
import { oceanContracts } from '../../contracts/ocean-contracts.ts';
import { connectChain } from '../../contracts/rpc.ts';
import { systemClock } from '../../core/clock.ts';
import { createNet } from '../../core/net.ts';
import type { RunningResource } from '../../core/resource.ts';
import type { Actor } from '../../harness/actors/actor.ts';
import { startActor } from '../../harness/actors/start-actor.ts';
import type { RunningTestbed } from '../../harness/running-testbed.ts';
import type { Benchmark } from './benchmark.ts';
import { accepted, orderMany, resultsOf, withJobLab } from './job-lab.ts';
import { Samples } from './measurement.ts';

const CONSUMERS = 10;
const JOBS_EACH = 10;

export const tenConsumers: Benchmark = {
  name: 'ten-consumers',
  title: '100 jobs that do nothing, started at once by ten consumers, each with an order of its own',
  defaultRuns: 1,
  async run({ folder, runs, progress }) {
    const samples = new Samples();
    await withJobLab(folder, async (lab) => {
      const consumers = await startConsumers(lab.testbed);
      try {
        const dataset = await lab.publishDataset('x'.repeat(1024));
        for (let run = 0; run < runs; run++) {
          const orders = await Promise.all(
            consumers.map((consumer) => orderMany(consumer, dataset, lab.algorithm, JOBS_EACH)),
          );
          const work = consumers.flatMap((consumer, i) => (orders[i] ?? []).map((order) => ({ consumer, order })));
          const startedAt = performance.now();
          const since = (): number => performance.now() - startedAt;
          const started = await Promise.all(
            work.map(async ({ consumer, order }) => {
              const { jobId } = accepted(await consumer.startCompute(order));
              samples.add('a start, until it is accepted', since());
              return { consumer, jobId };
            }),
          );
          const accepts = since();
          await Promise.all(started.map(({ consumer, jobId }) => resultsOf(consumer, jobId)));
          samples.add('all are accepted', accepts);
          samples.add('all results are listed', since());
          progress(`${work.length} jobs accepted after ${accepts.toFixed(0)} ms, ended after ${since().toFixed(0)} ms`);
        }
      } finally {
        await Promise.all(consumers.map((consumer) => consumer.stop()));
      }
    });
    return samples.measurements('ms');
  },
};

/** Ten accounts that nobody had before, with money of the deployer's. */
async function startConsumers({ endpoints }: RunningTestbed): Promise<(Actor & RunningResource)[]> {
  const { rpcUrl, chainId, addressFile, accounts, providers, metadataCacheUrl } = endpoints;
  const book = JSON.parse(readFileSync(addressFile, 'utf8')) as { readonly development: OceanAddresses };
  const addresses = book.development;
  const net = createNet();
  const chain = connectChain({ rpcUrl, chainId, net, pollingIntervalMs: 20 });
  try {
    const deployer = new Wallet(accounts.find(({ name }) => name === 'deployer')?.privateKey ?? '', chain);
    const ocean = oceanContracts(addresses, deployer);
    const consumers: (Actor & RunningResource)[] = [];
    for (let i = 0; i < CONSUMERS; i++) {
      const { address, privateKey } = Wallet.createRandom();
      await (await deployer.sendTransaction({ to: address, value: parseEther('10') })).wait();
      await ocean.transfer(addresses.Ocean, address, parseEther('1000'));
      const providerUrl = providers[0]?.url ?? '';
      const clock = systemClock;
      const name = `consumer ${i}`;
      consumers.push(
        startActor({ name, privateKey, rpcUrl, chainId, addresses, providerUrl, metadataCacheUrl, clock }),
      );
    }
    return consumers;
  } finally {
    chain.destroy();
    await net.close();
  }
}
