import type { Benchmark } from './benchmark.ts';
import { withJobLab } from './job-lab.ts';
import { Samples } from './measurement.ts';

const COUNTS = [10, 100];

export const manyJobs: Benchmark = {
  name: 'many-jobs',
  title: '10 and 100 jobs that do nothing, in a row and at once, each with an order of its own',
  defaultRuns: 1,
  async run({ folder, runs, progress }) {
    const samples = new Samples();
    await withJobLab(folder, async (lab) => {
      const dataset = await lab.publishDataset('x'.repeat(1024));
      const timed = async (name: string, count: number, work: () => Promise<void>): Promise<void> => {
        const startedAt = performance.now();
        await work();
        const ms = performance.now() - startedAt;
        samples.add(`${count} ${name}, per job`, ms / count);
        progress(`${count} jobs ${name}: ${ms.toFixed(0)} ms`);
      };
      for (let run = 0; run < runs; run++) {
        for (const count of COUNTS) {
          const inARow = await lab.orders(dataset, count);
          await timed('in a row', count, async () => {
            for (const order of inARow) await lab.runJob(order);
          });
          const atOnce = await lab.orders(dataset, count);
          await timed('at once', count, async () => void (await Promise.all(atOnce.map((order) => lab.runJob(order)))));
        }
      }
    });
    return samples.measurements('ms');
  },
};
