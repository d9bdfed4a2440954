/** `npm run fuzz`: random requests to every route of a Provider and an Operator Service, and what must hold for all of them. */
import { parseArgs } from 'node:util';
import { runFuzz } from '../harness/integration/fuzz/run-fuzz.ts';

const USAGE = 'npm run fuzz -- [--requests N] [--seed N] [--path PATH]\n';
const HEAP_GROWTH = 1.1;

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '100000' }, seed: { type: 'string' }, path: { type: 'string' } },
});
const requests = Number(values.requests);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
if (!Number.isSafeInteger(requests) || requests <= 0 || !Number.isSafeInteger(seed)) {
  process.stderr.write(USAGE);
  process.exit(2);
}

process.stdout.write(`npm run fuzz -- --requests ${requests} --seed ${seed}\n`);
const report = await runFuzz({
  requests,
  seed,
  path: values.path,
  progress: ({ requests: sent, seconds, dials, heapMib }) =>
    process.stdout.write(
      `${sent} requests, ${seconds.toFixed(0)} s, ${dials} connections opened, heap after collection ${heapMib.toFixed(1)} MiB\n`,
    ),
});
const counted = [...report.answers].toSorted(([a], [b]) => a.localeCompare(b));
for (const [name, count] of counted) process.stdout.write(`${String(count).padStart(8)}  ${name}\n`);
const growth = report.heapMib / report.warmHeapMib;
process.stdout.write(
  `${report.requests} requests in ${report.seconds.toFixed(0)} s (${(report.requests / report.seconds).toFixed(0)}/s), ${report.dials} connections opened; heap after collection ${report.warmHeapMib.toFixed(1)} MiB warmed up, ${report.heapMib.toFixed(1)} MiB at the end (${growth.toFixed(3)})\n`,
);
if (report.failure) {
  const { problem, counterexample, path } = report.failure;
  process.stdout.write(
    `FAILED\n${problem}\n${counterexample}\nAgain: npm run fuzz -- --requests ${requests} --seed ${seed}\nThis one alone: npm run fuzz -- --requests ${requests} --seed ${seed} --path "${path}"\n`,
  );
  process.exitCode = 1;
} else if (values.path === undefined && growth > HEAP_GROWTH) {
  process.stdout.write(`FAILED: the heap grew by more than ${HEAP_GROWTH}\n`);
  process.exitCode = 1;
}
