import type { Checks } from '../../../harness/index.ts';
import { OVERUSE_JOB, OVERUSES } from '../hostile/attack.ts';
import type { Experiment, Outcome } from '../hostile/experiments.ts';
import type { Attack, EndedAttack } from '../hostile/launch.ts';
import { JUDGES } from '../hostile/judges.ts';
import { LEAK } from '../hostile/run-experiments.ts';
import { endedAs, stateOf } from '../jobs.ts';
import { nothingLeaked } from '../leaks.ts';
import type { TheCase } from '../the-case.ts';

/** Approved by mistake, hostile algorithms have tried everything. Witnesses saw whether anything got out; nothing did. */
export async function surviveHostile(check: Checks, lab: TheCase, attack: Attack): Promise<EndedAttack> {
  const ended = await attack.over;
  const { witnesses, experiments, outcomes, tokens } = ended;
  for (const experiment of experiments) {
    const outcome = outcomes.get(experiment.name);
    for (const { name, needs } of aspectsOf(experiment)) {
      await check.requires(needs, name, async () => {
        if (outcome) await JUDGES[name]?.(check, outcome, lab, witnesses);
      });
    }
  }
  const leak = outcomes.get(LEAK);
  await nothingLeaked(check, lab, { tokens, exceptJobs: leak ? [leak.job.jobId] : [] });
  if (leak) await leakIsFound(check, lab, leak);
  return ended;
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
  check.that('it published rows in many encodings', results.size > 6, [...results.keys()]);
  check.equal('the leak detector finds rows in every one of them', clean, []);
}
