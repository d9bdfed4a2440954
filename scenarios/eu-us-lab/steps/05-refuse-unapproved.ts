import type { Checks } from '../../../harness/index.ts';
import type { PublishedAlgorithm } from '../algorithms.ts';
import { publishAlgorithm } from '../algorithms.ts';
import type { TheCase } from '../the-case.ts';
import type { OpenForComputing } from './02-approve-cohort-statistics.ts';
import type { StartedJob } from './03-pay.ts';

const NOT_TRUSTED = { status: 400, code: 'ALGORITHM_NOT_TRUSTED', field: 'dataset', rule: 'trust.did' } as const;

/** The US lab's own algorithm is on no list yet: it is refused before anything is paid, and before anything is created. */
export async function refuseUnapproved(
  check: Checks,
  { actors, testbed }: TheCase,
  { dataset }: OpenForComputing,
  { order }: StartedJob,
): Promise<PublishedAlgorithm> {
  const { usLab } = actors;
  const by = { actor: usLab, server: testbed.servers.usLab, images: testbed.images };
  const classifier = await publishAlgorithm(check, 'logistic-regression', by);
  const before = await created(testbed);

  const request = { dataset, algorithm: classifier.asset };
  check.refused(
    'the quote for an algorithm that is not on the list',
    await usLab.initializeCompute(request),
    NOT_TRUSTED,
  );
  // With the orders of the approved run, so that nothing but the algorithm is wrong.
  const [datasetTx = '', algorithmTx = ''] = Object.values(order.transferTxIds);
  const forced = {
    ...order,
    request: { ...order.request, algorithm: classifier.asset },
    transferTxIds: { [dataset.did]: datasetTx, [classifier.asset.did]: algorithmTx },
  };
  check.refused('the start of it', await usLab.startCompute(forced), NOT_TRUSTED);
  check.equal('no workflow and no pod was created', await created(testbed), before);
  return classifier;
}

async function created({ observe }: TheCase['testbed']): Promise<{ pods: number; workflows: number }> {
  const [pods, workflows] = await Promise.all([
    observe.podsEverCreated(),
    observe.list('/apis/oceanprotocol.com/v1alpha1/workflows'),
  ]);
  return { pods: pods.length, workflows: workflows.length };
}
