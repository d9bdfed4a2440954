import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunningResource } from '../../../core/resource.ts';
import { ResourceStack, runningResource } from '../../../core/resource.ts';
import { openStateDatabase } from '../../../provider/stores/database.ts';
import type { MachineSnapshot } from '../../accounting/machine.ts';
import { machineDifference } from '../../accounting/machine.ts';
import { takeSnapshot } from '../../accounting/snapshot.ts';
import type { Actor } from '../../actors/actor.ts';
import type { PublishedAsset } from '../../actors/assets.ts';
import type { ComputeOrder } from '../../actors/consumer.ts';
import type { TestbedConfig } from '../../config/testbed-config.ts';
import type { RunningTestbed } from '../../running-testbed.ts';
import type { Answer } from '../../scenario/checks.ts';
import { startTestbed } from '../../testbed.ts';
import { NAMESPACE } from '../../cluster/namespace.ts';
import type { ClusterWatch } from './cluster-watch.ts';
import { watchCluster } from './cluster-watch.ts';
import { Crashes } from './crashes.ts';

export const DATA = 'rows of a recording\n';

export const LARGE_BYTES = 24 * 1024 * 1024;

/** What an endless algorithm's container says when all its files are there: a pod that runs may have run nothing yet. */
export const HAS_WRITTEN = 'written';

/** Appends to `runs.txt`: run twice on the same volume, it would tell. Its mode is its parameter. */
const algorithmThatTakes = (ms: number): string => `
require('node:timers').setTimeout(() => undefined, ${ms});
const fs = require('node:fs');
const { mode } = JSON.parse(fs.readFileSync(process.env.INPUTS + '/algoCustomData.json', 'utf8'));
fs.appendFileSync(process.env.OUTPUTS + '/runs.txt', 'ran\\n');
const [did] = JSON.parse(process.env.DIDS);
const data = fs.readFileSync(process.env.INPUTS + '/' + did + '/0', 'utf8');
fs.writeFileSync(process.env.OUTPUTS + '/result.txt', mode + ' of ' + data);
if (mode === 'fail') process.exitCode = 3;
if (mode === 'large') fs.writeFileSync(process.env.OUTPUTS + '/large.bin', Buffer.alloc(${LARGE_BYTES}, 7));
if (mode === 'endless') {
  process.on('SIGTERM', () => process.exit(143));
  fs.writeFileSync('/proc/1/fd/1', '${HAS_WRITTEN}\\n'); // what the container says, not the algorithm's log
  require('node:net').createServer().listen(0, '127.0.0.1'); // something to stay alive for
}
`;

export type Mode = 'copy' | 'fail' | 'large' | 'endless';

export interface CrashLab extends RunningResource {
  readonly testbed: RunningTestbed;
  readonly crashes: Crashes;
  /** How long one job, or one step of it, may take. */
  readonly patienceMs: number;
  readonly cluster: ClusterWatch;
  readonly dataset: PublishedAsset;
  readonly algorithm: PublishedAsset;
  /** What is on the machine that was not there before this lab; also once it has stopped. */
  remains(): readonly string[];
  /** The machine before the first job. */
  readonly quiet: MachineSnapshot;
  /** An order of its own for dataset and algorithm; it starts any number of jobs, one after another. */
  order(actor: Actor, seconds?: number): Promise<ComputeOrder>;
  /** Rises with every call, across all orders of an actor. */
  nextNonce(actor: Actor): string;
  /** Runs of an order's dataset that count, and their states, as the Provider has them on disk. */
  runsOf(agreementId: string): readonly { readonly jobId: string; readonly state: string }[];
}

/** One whole testbed whose components can be killed at any write. */
export async function startCrashLab(
  config: TestbedConfig = {},
  { patienceMs = 30_000, algorithmMs = 0 }: { readonly patienceMs?: number; readonly algorithmMs?: number } = {},
): Promise<CrashLab> {
  const stack = new ResourceStack({ budgetMs: 120_000 });
  const bare = takeSnapshot({ folders: [], cgroup: 'wavetank-of-nobody' });
  try {
    const stateRoot = await mkdtemp(path.join(tmpdir(), 'crash-lab-'));
    stack.defer('state root', () => rm(stateRoot, { recursive: true, force: true }));
    const crashes = new Crashes();
    const testbed = await stack.start('testbed', () =>
      startTestbed({ stateRoot, ...config }, { newNet: (part) => crashes.newNet(part) }),
    );
    crashes.attach(testbed);
    const cluster = await stack.start('watches', () =>
      watchCluster(testbed.endpoints.kubeconfig, NAMESPACE, patienceMs),
    );
    const assets = await publish(testbed, algorithmThatTakes(algorithmMs));
    const nonces = new Map<Actor, number>();
    for (const actor of Object.values(testbed.actors)) nonces.set(actor, Number(await actor.nonce()));
    const stateFile = path.join(path.dirname(testbed.endpointsFile), 'provider.sqlite');
    const facts = {
      testbed,
      patienceMs,
      crashes,
      cluster,
      ...assets,
      remains: remainsSince(bare, stateRoot, path.basename(path.dirname(testbed.endpointsFile))),
      quiet: await testbed.observe.machine(),
      async order(actor: Actor, seconds?: number) {
        const { dataset, algorithm } = assets;
        return accepted(
          await actor.orderCompute({ dataset, algorithm, ...(seconds === undefined ? {} : { seconds }) }),
        );
      },
      nextNonce(actor: Actor) {
        const nonce = (nonces.get(actor) ?? 0) + 1;
        nonces.set(actor, nonce);
        return String(nonce);
      },
      runsOf: (agreementId: string) => readRuns(stateFile, agreementId),
    };
    return runningResource(facts, () => stack.stop());
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function publish({ actors, servers, images }: RunningTestbed, program: string) {
  const { euLab, usLab } = actors;
  const code = servers.usLab.publish('algorithm.js', program);
  const data = servers.euLab.publish('data.txt', DATA);
  const algorithm = accepted(
    await usLab.publishAlgorithm({ files: [code.url], container: { entrypoint: 'node $ALGO', ...images.node } }),
  );
  const dataset = accepted(await euLab.publishDataset({ files: [data.url], trustedPublishers: [usLab.address] }));
  return { algorithm, dataset };
}

/** The cluster's journal says what it has outside its own process, and is gone when the cluster is: it is read now. */
function remainsSince(bare: MachineSnapshot, stateRoot: string, instance: string): () => readonly string[] {
  const journals = path.join(stateRoot, 'cluster');
  // Other backends have their own way of leaving nothing, and of showing it.
  const [journal = ''] = (existsSync(journals) ? readdirSync(journals) : []).filter((name) =>
    name.endsWith('.journal.ndjson'),
  );
  const folders = (journal === '' ? '' : readFileSync(path.join(journals, journal), 'utf8'))
    .split('\n')
    .filter((line) => line.includes('"directory"'))
    .map((line) => (JSON.parse(line) as { readonly path: string }).path);
  const marks = { folders: [stateRoot, ...folders], cgroup: `wavetank-${journal.split('.')[0] || instance}` };
  return () => [
    ...Object.values(machineDifference(bare, takeSnapshot(marks))).flatMap(({ added }) => added),
    ...marks.folders.filter(existsSync),
  ];
}

/** Read beside a Provider that may be running: SQLite lets both. */
function readRuns(stateFile: string, agreementId: string): { jobId: string; state: string }[] {
  const database = openStateDatabase(stateFile);
  try {
    const rows = database.sql
      .prepare(
        `SELECT job_id AS jobId, state FROM runs JOIN run_orders USING (job_id)
         WHERE lower(order_key) LIKE ? AND state != 'given_back' ORDER BY reserved_at`,
      )
      .all(`%:${agreementId.toLowerCase()}:%`);
    return rows as unknown as { jobId: string; state: string }[];
  } finally {
    database.close();
  }
}

/** @throws Error with the refusal */
export function accepted<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new Error(`refused: ${JSON.stringify(answer.refusal)}`);
}
