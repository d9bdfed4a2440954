import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import { algorithmCatalogue } from '../../fixtures/algorithms/catalogue.ts';
import type { Actor } from '../../harness/actors/actor.ts';
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
    orders: (dataset, count) => orderMany(usLab, dataset, algorithm, count),
    runJob: (order, onChange) => runJob(usLab, order, onChange),
  });
}

/** One quote serves many orders: its fee is signed for a time, not for a single payment. */
export async function orderMany(
  consumer: Actor,
  dataset: PublishedAsset,
  algorithm: PublishedAsset,
  count: number,
): Promise<readonly ComputeOrder[]> {
  const request = { dataset, algorithm };
  const quote = accepted(await consumer.initializeCompute(request));
  const { environment } = quote;
  const { validOrder: _ofDataset, ...forDataset } = quote.datasets[0] ?? {};
  const { validOrder: _ofAlgorithm, ...forAlgorithm } = quote.algorithm ?? {};
  accepted(await consumer.buyDatatoken(dataset, count));
  accepted(await consumer.buyDatatoken(algorithm, count));
  const orders: ComputeOrder[] = [];
  for (let i = 0; i < count; i++) {
    const to = { consumer: environment.consumerAddress };
    const transferTxIds = {
      [dataset.did]: accepted(await consumer.order(dataset, forDataset, to)),
      [algorithm.did]: accepted(await consumer.order(algorithm, forAlgorithm, to)),
    };
    orders.push({ request, environment, transferTxIds });
  }
  return orders;
}

async function runJob(
  consumer: Actor,
  order: ComputeOrder,
  onChange: (job: ComputeJob) => void = () => undefined,
): Promise<void> {
  const { jobId } = accepted(await consumer.startCompute(order));
  await resultsOf(consumer, jobId, onChange);
}

/** Follows a job to its good end. @throws Error when it ends otherwise */
export async function resultsOf(
  consumer: Actor,
  jobId: string,
  onChange: (job: ComputeJob) => void = () => undefined,
): Promise<void> {
  const { statusText } = await consumer.follow(jobId, { timeoutMs: 300_000, onChange });
  if (statusText !== 'Job finished') throw new Error(`A job ended as "${statusText}".`);
  accepted(await consumer.results(jobId));
}

/** @throws Error with the refusal */
export function accepted<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new Error(`Refused: ${JSON.stringify(answer.refusal)}`);
}
