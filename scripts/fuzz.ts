/** `npm run fuzz`: random requests to every route of a Provider and an Operator Service, and what must hold for all of them. */
import type { FuzzReport } from '../harness/integration/fuzz/run-fuzz.ts';
import { runFuzz } from '../harness/integration/fuzz/run-fuzz.ts';
import { countOf, flagInvalid, runCommand } from './command-line.ts';

const USAGE = `npm run fuzz -- [--requests N] [--seed N] [--path PATH] [--json]

  npm run fuzz                                the long run: 100,000 requests, another seed each time
  npm run fuzz -- --requests 2000 --seed 7    the same 2,000 again

  --requests N  how many are sent (default 100000)
  --seed N      other seeds are other requests; told at the beginning
  --path PATH   of the requests of a seed only those that a failed run named
  --json        the report as one line of JSON on stdout; progress goes to stderr
`;
/** What the heap may be at the end, of what it was when warmed up. */
const HEAP_GROWTH = 1.1;

interface Flags {
  readonly requests: number;
  readonly seed: number;
  readonly path: string | undefined;
  readonly asJson: boolean;
}

function progress({ requests, seconds, dials, heapMib }: Omit<FuzzReport, 'failure'>): string {
  return `${requests} requests, ${seconds.toFixed(0)} s, ${dials} connections opened, heap after collection ${heapMib.toFixed(1)} MiB\n`;
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
async function fuzz({ requests, seed, path, asJson }: Flags): Promise<boolean> {
  const say = (text: string): void => void (asJson ? process.stderr : process.stdout).write(text);
  const again = `npm run fuzz -- --requests ${requests} --seed ${seed}`;
  say(`${again}\n`);
  const report = await runFuzz({
    requests,
    seed,
    path,
    progress: (soFar) => say(progress(soFar)),
    failing: (problem, sent) => say(`after ${sent} requests: ${problem}\nLooking for the smallest that fails …\n`),
  });
  const { failure } = report;
  const hasGrown = path === undefined && report.heapMib > report.warmHeapMib * HEAP_GROWTH;
  const isGood = failure === undefined && !hasGrown;
  if (asJson) {
    const answers = Object.fromEntries(report.answers);
    process.stdout.write(`${JSON.stringify({ version: 1, seed, isGood, ...report, answers })}\n`);
    return isGood;
  }
  say(told(report));
  if (failure) {
    const { problem, counterexample, path: at } = failure;
    say(`FAILED\n${problem}\n${counterexample}\nAgain: ${again}\nThis one alone: ${again} --path "${at}"\n`);
  } else if (hasGrown) say(`FAILED: the heap grew by more than ${HEAP_GROWTH}\n`);
  return isGood;
}

function seedOf(text: string | undefined): number {
  const seed = text === undefined ? Date.now() % 2 ** 31 : Number(text);
  if (!Number.isSafeInteger(seed)) throw flagInvalid('--seed must be a whole number.');
  return seed;
}

await runCommand({
  name: 'npm run fuzz',
  usage: USAGE,
  options: {
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    path: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  run: ({ requests, seed, path, json }) =>
    fuzz({ requests: countOf('--requests', requests), seed: seedOf(seed), path, asJson: json }),
});
