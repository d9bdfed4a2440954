import type { Checks, ComputeOrder } from '../../../harness/index.ts';
import { approveByMistake } from '../hostile/algorithms.ts';
import { experimentsOf, OVERUSE_JOB, OVERUSES } from '../hostile/attack.ts';
import type { Experiment, Outcome } from '../hostile/experiments.ts';
import { JUDGES } from '../hostile/judges.ts';
import { LEAK, runExperiments } from '../hostile/run-experiments.ts';
import { callWitnesses } from '../hostile/witnesses.ts';
import { endedAs, stateOf } from '../jobs.ts';
import { nothingLeaked } from '../leaks.ts';
import type { TheCase } from '../the-case.ts';
import type { TrainedModel } from './06-approve-and-train.ts';

export interface HostileRuns {
  /** Paid for a few seconds only. */
  readonly shortOrder: ComputeOrder | undefined;
}

/** Approved by mistake, hostile algorithms try everything. Witnesses see whether anything gets out; nothing does. */
export async function surviveHostile(check: Checks, lab: TheCase, { dataset }: TrainedModel): Promise<HostileRuns> {
  const witnesses = await callWitnesses(lab.story);
  try {
    const algorithms = await approveByMistake(check, lab, dataset);
    const experiments = experimentsOf(algorithms, witnesses, lab.testbed);
    const attack = await runExperiments(check, lab, algorithms, experiments);
    for (const experiment of experiments) {
      const outcome = attack.outcomes.get(experiment.name);
      for (const { name, needs } of aspectsOf(experiment)) {
        await check.requires(needs, name, async () => {
          if (outcome) await JUDGES[name]?.(check, outcome, lab, witnesses);
        });
      }
    }
    const leak = attack.outcomes.get(LEAK);
    await nothingLeaked(check, lab, { tokens: attack.tokens, exceptJobs: leak ? [leak.job.jobId] : [] });
    if (leak) await leakIsFound(check, lab, leak);
    return { shortOrder: attack.orders.get('endless running') };
  } finally {
    await witnesses.dismiss();
  }
}

/** What is judged of a job: itself, or each thing that it did one after the other. */
function aspectsOf(experiment: Experiment): readonly Pick<Experiment, 'name' | 'needs'>[] {
  return experiment.name === OVERUSE_JOB ? OVERUSES : [experiment];
}

/** The twin of every clean scan: the same detector finds rows that were smuggled out in many encodings. */
async function leakIsFound(check: Checks, { actors, detector }: TheCase, { job }: Outcome): Promise<void> {
  check.equal('the leaky job finishes like any other', stateOf(job), endedAs('finished'));
  const results = check.accepted('its results download', await actors.usLab.downloadResults(job.jobId));
  const clean: string[] = [];
  for (const [name, { bytes }] of results) {
    if ((await detector.scan(bytes, name)).length === 0) clean.push(name);
  }
  check.that('it published rows in many encodings', results.size > 10, [...results.keys()]);
  check.equal('the leak detector finds rows in every one of them', clean, []);
}
