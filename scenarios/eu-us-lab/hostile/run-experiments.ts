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
    possible.map(async (experiment, index) => {
      const { order, jobId } = await start(usLab, experiment, await orderFor(experiment));
      lab.jobs.add(jobId, experiment.name);
      const { job } = await followToEnd(usLab, jobId, index === 0 ? onChange : undefined);
      return outcomeOf(usLab, experiment, order, job);
    }),
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

/** Where the paid time is over before the start, since the machine is slow, the order gets a fresh fee for longer. */
async function start(
  usLab: Actor,
  { name, parameters, paidSeconds }: Experiment,
  order: ComputeOrder,
): Promise<{ order: ComputeOrder; jobId: string }> {
  const answer = await usLab.startCompute(order, { parameters });
  if (answer.ok || paidSeconds === undefined || answer.refusal.code !== 'ORDER_FEE_EXPIRED')
    return { order, jobId: must(`starting ${name}`, answer).jobId };
  const { request, transferTxIds } = order;
  const longer = { ...request, transferTxIds, seconds: 5 * paidSeconds };
  const renewed = must(`renewing ${name}`, await usLab.orderCompute(longer));
  return { order: renewed, jobId: must(`starting ${name}`, await usLab.startCompute(renewed, { parameters })).jobId };
}

/** A leak's results are downloaded when everything else was searched: they hold rows, and are to be found. */
export const LEAK = 'leak';

async function outcomeOf(usLab: Actor, experiment: Experiment, order: ComputeOrder, job: ComputeJob): Promise<Outcome> {
  const results =
    experiment.name === LEAK
      ? new Map<string, DownloadedFile>()
      : must(`downloading what ${experiment.name} published`, await usLab.downloadResults(job.jobId));
  const attempts = parseAttempts(results.get('attempts.json')?.text ?? '');
  return { experiment, order, job, results, attempts };
}
