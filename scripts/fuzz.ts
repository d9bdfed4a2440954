/** `npm run fuzz`: random requests to every route of a Provider and an Operator Service, and what must hold for all of them. */
import { parseArgs } from 'node:util';
import type { FuzzReport } from '../harness/integration/fuzz/run-fuzz.ts';
import { runFuzz } from '../harness/integration/fuzz/run-fuzz.ts';

const USAGE = 'npm run fuzz -- [--requests N] [--seed N] [--path PATH]\n';
/** What the heap may be at the end, of what it was when warmed up. */
const HEAP_GROWTH = 1.1;

interface Flags {
  readonly requests: number;
  readonly seed: number;
  readonly path: string | undefined;
}

/** undefined when they are wrong */
function flagsOf(args: readonly string[]): Flags | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: { requests: { type: 'string', default: '100000' }, seed: { type: 'string' }, path: { type: 'string' } },
  });
  const requests = Number(values.requests);
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
  if (!Number.isSafeInteger(requests) || requests <= 0 || !Number.isSafeInteger(seed)) return undefined;
  return { requests, seed, path: values.path };
}

function progress({ requests, seconds, dials, heapMib }: Omit<FuzzReport, 'failure'>): void {
  process.stdout.write(
    `${requests} requests, ${seconds.toFixed(0)} s, ${dials} connections opened, heap after collection ${heapMib.toFixed(1)} MiB\n`,
  );
}

function told({ answers, requests, seconds, dials, warmHeapMib, heapMib }: FuzzReport): string {
  const counted = [...answers].toSorted(([a], [b]) => a.localeCompare(b));
  return [
    ...counted.map(([name, count]) => `${String(count).padStart(8)}  ${name}`),
    `${requests} requests in ${seconds.toFixed(0)} s (${(requests / seconds).toFixed(0)}/s), ${dials} connections opened; heap after collection ${warmHeapMib.toFixed(1)} MiB warmed up, ${heapMib.toFixed(1)} MiB at the end (${(heapMib / warmHeapMib).toFixed(3)})`,
    '',
  ].join('\n');
}

/** @returns whether all held */
async function fuzz({ requests, seed, path }: Flags): Promise<boolean> {
  const again = `npm run fuzz -- --requests ${requests} --seed ${seed}`;
  process.stdout.write(`${again}\n`);
  const failing = (problem: string, sent: number): void =>
    void process.stdout.write(`after ${sent} requests: ${problem}\nLooking for the smallest that fails …\n`);
  const report = await runFuzz({ requests, seed, path, progress, failing });
  process.stdout.write(told(report));
  if (report.failure) {
    const { problem, counterexample, path: at } = report.failure;
    process.stdout.write(
      `FAILED\n${problem}\n${counterexample}\nAgain: ${again}\nThis one alone: ${again} --path "${at}"\n`,
    );
    return false;
  }
  const hasGrown = path === undefined && report.heapMib > report.warmHeapMib * HEAP_GROWTH;
  if (hasGrown) process.stdout.write(`FAILED: the heap grew by more than ${HEAP_GROWTH}\n`);
  return !hasGrown;
}

const flags = flagsOf(process.argv.slice(2));
if (!flags) process.stderr.write(USAGE);
if (!flags || !(await fuzz(flags))) process.exitCode = flags ? 1 : 2;
