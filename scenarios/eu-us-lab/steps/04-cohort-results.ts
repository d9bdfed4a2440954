import type { Checks, ComputeJob, DownloadedFile, ObservedPod } from '../../../harness/index.ts';
import { cohortDifferences, expectedCohort } from '../../../fixtures/expected/cohort.ts';
import { endedAs, followToEnd, stateOf } from '../jobs.ts';
import type { TheCase } from '../the-case.ts';
import type { StartedJob } from './03-pay.ts';

/** The approved algorithm has run: its buyer is told, and gets numbers that are right. Nobody else gets anything. */
export async function readCohortResults(check: Checks, lab: TheCase, { jobId }: StartedJob): Promise<void> {
  const { usLab, euLab, stranger } = lab.actors;
  const { job, told } = await followToEnd(usLab, jobId);
  check.equal('the US lab is told that the job has finished', stateOf(job), endedAs('finished'));
  check.that('it was told on the way too', told.length > 1, told.map(stateOf));
  // On a real cluster one may fail to start, and is then replaced.
  const pods = (await lab.testbed.observe.podsEverCreated(jobId)).filter(({ failedToStart }) => !failedToStart);
  check.equal('one pod configured, one computed, one published', stagesOf(pods), ['configure', 'compute', 'publish']);

  const listed = check.accepted('the signed status lists the results', await usLab.results(jobId));
  check.equal('cohort.json and the log', namesOf(listed), ['algorithm.log', 'cohort.json']);
  const anybody = check.accepted('the unsigned status answers', await usLab.status({ jobId }));
  check.equal('it names no file', anybody.flatMap(namesOf), []);

  const index = indexOf(listed, 'cohort.json');
  const asks = { 'a stranger': stranger, 'the EU lab': euLab };
  for (const [who, actor] of Object.entries(asks)) {
    check.refused(`the download by ${who}`, await actor.downloadResult(jobId, index), {
      status: 404,
      code: 'JOB_NOT_FOUND',
    });
  }
  const cohort = await check.twins("the download in the US lab's name", {
    refused: () => usLab.downloadResult(jobId, index, { privateKey: stranger.privateKey }),
    because: { status: 400, code: 'SIGNATURE_INVALID', field: 'signature' },
    accepted: () => usLab.downloadResult(jobId, index),
  });
  compareNumbers(check, lab, cohort);
  const log = await usLab.downloadResult(jobId, indexOf(listed, 'algorithm.log'));
  check.that(
    "the log is the algorithm's own",
    check.accepted('the log downloads', log).text.includes('cohort statistics over 2 classes written'),
  );
}

function compareNumbers(check: Checks, { recordings }: TheCase, file: DownloadedFile): void {
  const { trainTs, heldOutTs, participantsTsv } = recordings;
  const expected = expectedCohort({ trainTs, heldOutTs, participantsTsv });
  const differences = cohortDifferences(JSON.parse(file.text), expected);
  check.equal('every number equals the one computed from the recordings themselves', differences, []);
  check.that('small cells are withheld', /"count": null/.test(file.text));
}

export function stagesOf(pods: readonly ObservedPod[]): (string | undefined)[] {
  return pods.map(({ stage }) => stage);
}

export function namesOf({ results }: ComputeJob): string[] {
  return (results || []).flatMap(({ filename }) => (filename === undefined ? [] : [filename])).toSorted();
}

export function indexOf({ results }: ComputeJob, filename: string): number {
  return (results || []).find((result) => result.filename === filename)?.index ?? -1;
}
