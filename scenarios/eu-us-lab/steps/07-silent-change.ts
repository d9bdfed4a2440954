import type { Checks } from '../../../harness/index.ts';
import type { PublishedAlgorithm } from '../algorithms.ts';
import { endedAs, followToEnd, stateOf } from '../jobs.ts';
import type { TheCase } from '../the-case.ts';
import { stagesOf } from './04-cohort-results.ts';
import type { TrainedModel } from './06-approve-and-train.ts';

/**
 * The US lab changes its algorithm's file without a word. Before the check: refused. Between the check and the run, with
 * the file served differently the second time: accepted, since what was checked is what was approved, but it never runs.
 */
export async function refuseSilentChange(
  check: Checks,
  { actors, testbed, jobs }: TheCase,
  classifier: PublishedAlgorithm,
  { order }: TrainedModel,
): Promise<void> {
  const { usLab } = actors;
  const { file, source } = classifier;
  const changed = `${source}\n// one more line\n`;
  const readsBefore = file.requests().get;
  const started = await check.twins('a start after the file was changed', {
    refused: () => {
      file.setContent(changed);
      return usLab.startCompute(order);
    },
    because: { status: 400, code: 'ALGORITHM_FILES_CHANGED', field: 'dataset', rule: 'trust.filesChecksum' },
    accepted: () => {
      file.setContent(source);
      file.changeAfterNextGet(changed);
      return usLab.startCompute(order);
    },
  });
  jobs.add(started.jobId, 'a swapped algorithm');
  const { job } = await followToEnd(usLab, started.jobId);
  check.equal(
    'swapped after the check: the job ends unprovisioned',
    stateOf(job),
    endedAs('algorithmProvisioningFailed'),
  );
  const reads = file.requests().get - readsBefore;
  check.equal('the file was read by the refused check, by the passed one, and for the run', reads, 3);
  const pods = await testbed.observe.podsEverCreated(job.jobId);
  check.equal('it was configured and never computed', stagesOf(pods).includes('compute'), false);
  file.setContent(source);
}
