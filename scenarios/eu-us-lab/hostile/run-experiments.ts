import type { Actor, ComputeJob, ComputeOrder, DownloadedFile, PublishedAsset } from '../../../harness/index.ts';
import { parseAttempts } from '../../../fixtures/algorithms/catalogue.ts';
import { followToEnd } from '../jobs.ts';
import { must } from '../must.ts';
import type { TheCase } from '../the-case.ts';
import type { Experiment, Outcome } from './experiments.ts';

/** All experiments at once, each under an order of its own: one order pays for one run at a time. */
export async function payAndRun(
  lab: TheCase,
  dataset: PublishedAsset,
  experiments: readonly Experiment[],
  onChange: () => void,
): Promise<ReadonlyMap<string, Outcome>> {
  const { usLab } = lab.actors;
  const possible = experiments.filter(({ needs }) =>
    needs.every((name) => lab.testbed.capabilities[name].enforcement === 'enforced'),
  );
  must('buying datatokens', await usLab.buyDatatoken(dataset, possible.length));
  const orderFor = orderingOf(usLab, dataset);
  const outcomes = await Promise.all(
    possible.map(async (experiment, index) =>
      run(lab, experiment, await orderFor(experiment), index === 0 ? onChange : undefined),
    ),
  );
  return new Map(outcomes.map((outcome) => [outcome.experiment.name, outcome]));
}

/** Each algorithm is ordered once, the recordings for every run. */
function orderingOf(usLab: Actor, dataset: PublishedAsset): (experiment: Experiment) => Promise<ComputeOrder> {
  const algorithmOrders = new Map<string, Promise<string>>();
  const place = async (experiment: Experiment, algorithmOrder?: string): Promise<ComputeOrder> => {
    const { asset } = experiment.algorithm;
    const request = {
      dataset,
      algorithm: asset,
      ...(algorithmOrder === undefined ? {} : { transferTxIds: { [asset.did]: algorithmOrder } }),
      ...(experiment.paidSeconds === undefined ? {} : { seconds: experiment.paidSeconds }),
    };
    return must(`ordering ${experiment.name}`, await usLab.orderCompute(request));
  };
  return async (experiment) => {
    const { did } = experiment.algorithm.asset;
    const known = algorithmOrders.get(did);
    if (known) return place(experiment, await known);
    const first = place(experiment);
    algorithmOrders.set(
      did,
      first.then(({ transferTxIds }) => transferTxIds[did] ?? ''),
    );
    return first;
  };
}

/** How often paid time is made three times as long where it is over before the algorithm has begun. */
const MOST_RENEWALS = 3;

/** What is paid for a short time would go on for so much longer: where nobody ends it, it ends by itself, and as another thing. */
const LONGER_THAN_PAID_SECONDS = 20;

/** On a slow machine seconds that were paid can pass before the algorithm begins: then the order gets a fresh fee for longer. */
async function run(lab: TheCase, experiment: Experiment, order: ComputeOrder, onChange?: () => void): Promise<Outcome> {
  const { usLab } = lab.actors;
  const { name, parameters, paidSeconds = 0 } = experiment;
  for (let renewals = 0, seconds = paidSeconds, paid = order; ; renewals++) {
    const isLast = paidSeconds === 0 || renewals === MOST_RENEWALS;
    const told = seconds === 0 ? parameters : { ...parameters, seconds: seconds + LONGER_THAN_PAID_SECONDS };
    const started = await usLab.startCompute(paid, { parameters: told });
    if (isLast || started.ok || started.refusal.code !== 'ORDER_FEE_EXPIRED') {
      const { jobId } = must(`starting ${name}`, started);
      lab.jobs.add(jobId, name);
      const { job } = await followToEnd(usLab, jobId, onChange);
      const outcome = { ...(await outcomeOf(usLab, experiment, job)), order: paid, placed: order };
      // An empty log: it was stopped before its first word.
      if (isLast || outcome.results.get('algorithm.log')?.text) return outcome;
    }
    const { request, transferTxIds } = paid;
    seconds *= 3;
    paid = must(`renewing ${name}`, await usLab.orderCompute({ ...request, transferTxIds, seconds }));
  }
}

/** A leak's results are downloaded when everything else was searched: they hold rows, and are to be found. */
export const LEAK = 'leak';

async function outcomeOf(
  usLab: Actor,
  experiment: Experiment,
  job: ComputeJob,
): Promise<Omit<Outcome, 'order' | 'placed'>> {
  const results =
    experiment.name === LEAK
      ? new Map<string, DownloadedFile>()
      : must(`downloading what ${experiment.name} published`, await usLab.downloadResults(job.jobId));
  const attempts = parseAttempts(results.get('attempts.json')?.text ?? '');
  return { experiment, job, results, attempts };
}
