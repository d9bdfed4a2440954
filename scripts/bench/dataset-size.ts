import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { HostedFile } from '../../harness/actors/files-host.ts';
import type { Benchmark } from './benchmark.ts';
import { withJobLab } from './job-lab.ts';
import { Samples } from './measurement.ts';

const KIB = 1024;
const MIB = KIB * KIB;
const SIZES = [
  { name: '1 KB', bytes: KIB },
  { name: '64 MiB', bytes: 64 * MIB },
];

/** The difference of the two jobs is what the bytes cost: Provider, broker, pod, disk and two checksums. */
export const datasetSize: Benchmark = {
  name: 'dataset-size',
  title: 'a job over 1 KB and over 64 MiB, against one download of the same file with the same hash',
  defaultRuns: 5,
  async run({ folder, runs, progress }) {
    const [times, ratios] = [new Samples(), new Samples()];
    await withJobLab(folder, async (lab) => {
      const file = path.join(folder, 'data.bin');
      writeFileSync(file, Buffer.alloc(SIZES.at(-1)?.bytes ?? 0, 'wavetank '));
      const hosted = lab.testbed.servers.euLab.publish('data.bin', { path: file });
      const small = await lab.publishDataset('x'.repeat(KIB));
      const large = await lab.publishDataset({ path: file });
      const [smallOrders, largeOrders] = [await lab.orders(small, runs + 1), await lab.orders(large, runs + 1)];
      for (const [i, order] of smallOrders.entries()) {
        const ofSmall = await timed(() => lab.runJob(order));
        const ofLarge = await timed(async () => {
          const next = largeOrders[i];
          if (next) await lab.runJob(next);
        });
        const copy = await timed(() => download(hosted));
        if (i === 0) continue;
        times.add(`job over ${SIZES[0]?.name}`, ofSmall);
        times.add(`job over ${SIZES[1]?.name}`, ofLarge);
        times.add('one loopback download with hash', copy);
        ratios.add('throughput of configure against that download', copy / (ofLarge - ofSmall));
        progress(`run ${i}: ${ofSmall.toFixed(0)} ms, ${ofLarge.toFixed(0)} ms, download ${copy.toFixed(0)} ms`);
      }
    });
    return [...times.measurements('ms'), ...ratios.measurements('ratio')];
  },
};

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function download({ url }: HostedFile): Promise<void> {
  const { body } = await fetch(url);
  const hash = createHash('sha256');
  for await (const chunk of body ?? []) hash.update(chunk);
  hash.digest();
}
