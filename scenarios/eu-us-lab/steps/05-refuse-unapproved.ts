import type { Checks, PublishedAsset } from '../../../harness/index.ts';
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
  const classifier = check.accepted('the algorithm is published', await publishAlgorithm('logistic-regression', by));

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
  check.equal('no workflow and no pod was created for it', await createdFor(classifier.asset, testbed), []);
  return classifier;
}

/** Workflows of the algorithm, and pods ever created that belong to no workflow of another one. */
async function createdFor({ did }: PublishedAsset, { observe }: TheCase['testbed']): Promise<string[]> {
  const pods = await observe.podsEverCreated();
  const workflows = (await observe.list('/apis/oceanprotocol.com/v1alpha1/workflows')) as unknown as WorkFlow[];
  const others = workflows.filter(({ spec }) => spec.algorithm.did !== did).map(({ spec }) => spec.jobId);
  const own = workflows.filter(({ spec }) => spec.algorithm.did === did).map(({ spec }) => `workflow ${spec.jobId}`);
  const strange = pods.filter(({ jobId }) => jobId === undefined || !others.includes(jobId));
  return [...own, ...strange.map(({ name }) => `pod ${name}`)];
}

/** As much of the custom resource as is looked at here. */
interface WorkFlow {
  readonly spec: { readonly jobId: string; readonly algorithm: { readonly did: string } };
}
