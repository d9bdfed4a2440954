import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import { algorithmCatalogue } from '../../fixtures/algorithms/catalogue.ts';
import type { PublishedAsset } from '../../harness/actors/assets.ts';
import type { ComputeOrder } from '../../harness/actors/consumer.ts';
import type { FileContent } from '../../harness/actors/files-host.ts';
import type { TestbedConfig } from '../../harness/config/testbed-config.ts';
import type { RunningTestbed } from '../../harness/running-testbed.ts';
import type { Answer } from '../../harness/scenario/checks.ts';
import { startTestbed } from '../../harness/testbed.ts';

/** A running testbed with an algorithm that does nothing. */
export interface JobLab {
  readonly testbed: RunningTestbed;
  readonly algorithm: PublishedAsset;
  publishDataset(content: FileContent): Promise<PublishedAsset>;
  /** So many paid orders, each of its own, ready to start. */
  orders(dataset: PublishedAsset, count: number): Promise<readonly ComputeOrder[]>;
  /** From the start call to the results listed. */
  runJob(order: ComputeOrder, onChange?: (job: ComputeJob) => void): Promise<void>;
}

/** Stops the testbed in the end. */
export async function withJobLab<T>(
  folder: string,
  work: (lab: JobLab) => Promise<T>,
  config: TestbedConfig = {},
): Promise<T> {
  await using testbed = await startTestbed({ stateRoot: path.join(folder, 'state'), ...config });
  const { euLab, usLab } = testbed.actors;
  const source = readFileSync(algorithmCatalogue['no-op'].file);
  const hosted = testbed.servers.usLab.publish('no-op.js', source);
  const { entrypoint } = algorithmCatalogue['no-op'];
  const container = { ...testbed.images.node, entrypoint };
  const algorithm = accepted(await usLab.publishAlgorithm({ files: [hosted.url], container }));
  const trusted = accepted(await euLab.trustEntryOf(algorithm));
  return await work({
    testbed,
    algorithm,
    async publishDataset(content) {
      const file = testbed.servers.euLab.publish('data.bin', content);
      return accepted(await euLab.publishDataset({ files: [file.url], trustedAlgorithms: [trusted] }));
    },
    orders: (dataset, count) => orderMany(testbed, dataset, algorithm, count),
    runJob: (order, onChange) => runJob(testbed, order, onChange),
  });
}

/** One quote serves many orders: its fee is signed for a time, not for a single payment. */
async function orderMany(
  { actors: { usLab } }: RunningTestbed,
  dataset: PublishedAsset,
  algorithm: PublishedAsset,
  count: number,
): Promise<readonly ComputeOrder[]> {
  const request = { dataset, algorithm };
  const quote = accepted(await usLab.initializeCompute(request));
  const { environment } = quote;
  const { validOrder: _ofDataset, ...forDataset } = quote.datasets[0] ?? {};
  const { validOrder: _ofAlgorithm, ...forAlgorithm } = quote.algorithm ?? {};
  accepted(await usLab.buyDatatoken(dataset, count));
  accepted(await usLab.buyDatatoken(algorithm, count));
  const orders: ComputeOrder[] = [];
  for (let i = 0; i < count; i++) {
    const consumer = environment.consumerAddress;
    const transferTxIds = {
      [dataset.did]: accepted(await usLab.order(dataset, forDataset, { consumer })),
      [algorithm.did]: accepted(await usLab.order(algorithm, forAlgorithm, { consumer })),
    };
    orders.push({ request, environment, transferTxIds });
  }
  return orders;
}

async function runJob(
  { actors: { usLab } }: RunningTestbed,
  order: ComputeOrder,
  onChange: (job: ComputeJob) => void = () => undefined,
): Promise<void> {
  const { jobId } = accepted(await usLab.startCompute(order));
  const { statusText } = await usLab.follow(jobId, { timeoutMs: 300_000, onChange });
  if (statusText !== 'Job finished') throw new Error(`A job ended as "${statusText}".`);
  accepted(await usLab.results(jobId));
}

/** @throws Error with the refusal */
export function accepted<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new Error(`Refused: ${JSON.stringify(answer.refusal)}`);
}
