import type { Checks, ComputeOrder, DownloadedFile, LeakCanary } from '../../../harness/index.ts';
import { parseAttempts } from '../../../fixtures/algorithms/catalogue.ts';
import { followToEnd } from '../jobs.ts';
import { tokensInCluster } from '../leaks.ts';
import type { TheCase } from '../the-case.ts';
import type { HostileAlgorithms } from './algorithms.ts';
import type { Experiment, Outcome } from './experiments.ts';

export interface Attack {
  /** By the experiment's name; those whose capabilities are missing here never ran. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** What was paid for each. */
  readonly orders: ReadonlyMap<string, ComputeOrder>;
  /** Tokens and capabilities that lay in the cluster while the jobs ran. */
  readonly tokens: readonly LeakCanary[];
}

/** All experiments at once, each under an order of its own: one order pays for one run at a time. */
export async function runExperiments(
  check: Checks,
  lab: TheCase,
  algorithms: HostileAlgorithms,
  experiments: readonly Experiment[],
): Promise<Attack> {
  const possible = experiments.filter(({ needs }) =>
    needs.every((name) => lab.testbed.capabilities[name].enforcement === 'enforced'),
  );
  const orderFor = await payInAdvance(check, lab, algorithms, possible);
  const orders = new Map<string, ComputeOrder>();
  const collecting: Promise<LeakCanary[]>[] = [];
  const collectTokens = (): void => {
    const seen = tokensInCluster(lab.testbed);
    seen.catch(() => undefined); // awaited below
    collecting.push(seen);
  };
  const outcomes = await Promise.all(
    possible.map(async (experiment) => {
      const order = await orderFor(experiment);
      orders.set(experiment.name, order);
      return run(check, lab, experiment, order, experiment === possible[0] ? collectTokens : undefined);
    }),
  );
  return {
    outcomes: new Map(outcomes.map((outcome) => [outcome.experiment.name, outcome])),
    orders,
    tokens: distinct((await Promise.all(collecting)).flat()),
  };
}

function distinct(canaries: readonly LeakCanary[]): LeakCanary[] {
  const texts = new Set(canaries.map(({ text }) => text));
  return [...texts].map((text, i) => ({ name: `token ${i + 1}`, text }));
}

/** Datatokens for all, and each algorithm ordered once: only the recordings are ordered per run. */
async function payInAdvance(
  check: Checks,
  { actors: { usLab } }: TheCase,
  { dataset }: HostileAlgorithms,
  experiments: readonly Experiment[],
): Promise<(experiment: Experiment) => Promise<ComputeOrder>> {
  const bought = await usLab.buyDatatoken(dataset, experiments.length);
  check.accepted('a datatoken for each job is bought', bought);
  const algorithmOrders = new Map<string, Promise<string>>();
  return async ({ name, algorithm: { asset }, paidSeconds }) => {
    const known = algorithmOrders.get(asset.did);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    promise.catch(() => undefined); // the first order of it has failed then, and says so
    if (!known) algorithmOrders.set(asset.did, promise);
    try {
      const transferTxIds = known ? { [asset.did]: await known } : {};
      const paid = paidSeconds === undefined ? {} : { seconds: paidSeconds };
      const order = await usLab.orderCompute({ dataset, algorithm: asset, transferTxIds, ...paid });
      const accepted = check.accepted(`${name}: ordered`, order);
      resolve(accepted.transferTxIds[asset.did] ?? '');
      return accepted;
    } catch (error) {
      reject(error as Error);
      throw error;
    }
  };
}

async function run(
  check: Checks,
  lab: TheCase,
  experiment: Experiment,
  order: ComputeOrder,
  onChange?: () => void,
): Promise<Outcome> {
  const { usLab } = lab.actors;
  const { name, parameters } = experiment;
  const { jobId } = check.accepted(`${name}: started`, await usLab.startCompute(order, { parameters }));
  lab.jobs.add(jobId, name);
  const { job } = await followToEnd(usLab, jobId, onChange);
  const results = name === LEAK ? new Map<string, DownloadedFile>() : await downloaded(check, lab, name, jobId);
  return { experiment, job, results, attempts: parseAttempts(results.get('attempts.json')?.text ?? '') };
}

/** Its results are downloaded after everything else was scanned: they hold rows, and are to be found. */
export const LEAK = 'leak';

async function downloaded(
  check: Checks,
  { actors: { usLab } }: TheCase,
  name: string,
  jobId: string,
): Promise<Outcome['results']> {
  return check.accepted(`${name}: what it published downloads`, await usLab.downloadResults(jobId));
}
