import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { JOB_STATUS } from '../../core/protocol/job-status.ts';
import type { ComputeOrder } from '../../harness/actors/consumer.ts';
import type { HostedFile } from '../../harness/actors/files-host.ts';
import type { Benchmark } from './benchmark.ts';
import type { JobLab } from './job-lab.ts';
import { withJobLab } from './job-lab.ts';
import { Samples } from './measurement.ts';

const KIB = 1024;
const MIB = KIB * KIB;
const SMALL = { name: '1 KB', bytes: KIB };
const LARGE = { name: '64 MiB', bytes: 64 * MIB };

/** The start hashes the file and configure fetches it: both are in the job's time, the second has a figure of its own. */
export const datasetSize: Benchmark = {
  name: 'dataset-size',
  title: 'a job over 1 KB and over 64 MiB, against one download of the same file with the same hash',
  defaultRuns: 5,
  async run({ folder, runs, progress }) {
    const [times, ratios] = [new Samples(), new Samples()];
    await withJobLab(folder, async (lab) => {
      const file = path.join(folder, 'data.bin');
      writeFileSync(file, Buffer.alloc(LARGE.bytes, 'wavetank '));
      const hosted = lab.testbed.servers.euLab.publish('data.bin', { path: file });
      const small = await lab.publishDataset('x'.repeat(SMALL.bytes));
      const large = await lab.publishDataset({ path: file });
      const [smallOrders, largeOrders] = [await lab.orders(small, runs + 1), await lab.orders(large, runs + 1)];
      for (let run = 0; run <= runs; run++) {
        const ofSmall = await timedJob(lab, smallOrders[run]);
        const ofLarge = await timedJob(lab, largeOrders[run]);
        const copyMs = await timedDownload(hosted);
        // The first finds nothing warm.
        if (run === 0) continue;
        for (const [{ name }, { wholeMs, configureMs }] of [[SMALL, ofSmall] as const, [LARGE, ofLarge] as const]) {
          times.add(`job over ${name}`, wholeMs);
          times.add(`configure of ${name}`, configureMs);
        }
        times.add('one loopback download with hash', copyMs);
        ratios.add('speed of configure against that download', copyMs / (ofLarge.configureMs - ofSmall.configureMs));
        progress(`run ${run}: ${ofSmall.wholeMs.toFixed(0)} ms, ${ofLarge.wholeMs.toFixed(0)} ms`);
      }
    });
    return [...times.measurements('ms'), ...ratios.measurements('ratio')];
  },
};

interface JobTimes {
  readonly wholeMs: number;
  /** Between the two states that its consumer is told of. */
  readonly configureMs: number;
}

async function timedJob(lab: JobLab, order: ComputeOrder | undefined): Promise<JobTimes> {
  if (!order) throw new Error('There are fewer orders than runs.');
  const startedAt = performance.now();
  const toldAt = new Map<number, number>();
  await lab.runJob(order, ({ status }) => void (toldAt.has(status) || toldAt.set(status, performance.now())));
  const wholeMs = performance.now() - startedAt;
  const at = (phase: 'configuringVolumes' | 'provisioned' | 'runningAlgorithm'): number | undefined =>
    toldAt.get(JOB_STATUS[phase].code);
  const provisionedAt = at('provisioned') ?? at('runningAlgorithm') ?? Number.NaN;
  return { wholeMs, configureMs: provisionedAt - (at('configuringVolumes') ?? startedAt) };
}

async function timedDownload({ url }: HostedFile): Promise<number> {
  const startedAt = performance.now();
  const { body } = await fetch(url);
  const hash = createHash('sha256');
  for await (const chunk of body ?? []) hash.update(chunk);
  hash.digest();
  return performance.now() - startedAt;
}
