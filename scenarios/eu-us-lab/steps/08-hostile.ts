import type { Checks, ComputeOrder } from '../../../harness/index.ts';
import { sha256Hex } from '../../../harness/index.ts';
import { approveByMistake } from '../hostile/algorithms.ts';
import { experimentsOf } from '../hostile/attack.ts';
import type { Experiment, Outcome } from '../hostile/experiments.ts';
import { judgeAttempts } from '../hostile/judge-attempts.ts';
import { OVERUSE } from '../hostile/judge-overuse.ts';
import { LEAK, runExperiments } from '../hostile/run-experiments.ts';
import type { Witnesses } from '../hostile/witnesses.ts';
import { callWitnesses, filesMarked, processesMarked } from '../hostile/witnesses.ts';
import { eventually } from '../eventually.ts';
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
      await check.requires(experiment.needs, experiment.name, async () => {
        const outcome = attack.outcomes.get(experiment.name);
        if (outcome) await judge(check, lab, witnesses, experiment, outcome);
      });
    }
    const leak = attack.outcomes.get(LEAK);
    await nothingLeaked(check, lab, { tokens: attack.tokens, exceptJobs: leak ? [leak.job.jobId] : [] });
    if (leak) await leakIsFound(check, lab, leak);
    return { shortOrder: attack.orders.get('endless running') };
  } finally {
    await witnesses.dismiss();
  }
}

function judge(
  check: Checks,
  lab: TheCase,
  witnesses: Witnesses,
  { name }: Experiment,
  outcome: Outcome,
): Promise<void> | void {
  if (name === 'hostile') return judgeHostile(check, lab, witnesses, outcome);
  if (name === 'a process that outlives its parent') return judgeOutliving(check, lab, witnesses, outcome);
  return OVERUSE[name]?.(check, outcome, lab);
}

function judgeHostile(
  check: Checks,
  { recordings }: TheCase,
  witnesses: Witnesses,
  { job, results, attempts }: Outcome,
): void {
  check.equal('the hostile job ends honestly', stateOf(job), endedAs('finished'));
  judgeAttempts(check, attempts);

  check.that('control: each listener saw who was allowed to reach it', witnesses.proven.length >= 4, witnesses.proven);
  check.equal('nothing reached a listener', witnesses.listeners.hits(), []);
  check.that('control: each server counted a knock', witnesses.provenServers.length >= 7, witnesses.provenServers);
  check.equal('no server was knocked at from a pod', witnesses.newKnocks(), {});

  const [before = '', after = ''] = [results.get('before.sha256')?.text, results.get('after.sha256')?.text];
  const given = [recordings.trainTs, recordings.heldOutTs, recordings.participantsTsv].map((text) => sha256Hex(text));
  check.that(
    'the recordings, as they are, were its inputs',
    given.every((hash) => before.includes(hash)),
  );
  check.that('inputs, documents and code have the same bytes afterwards', before !== '' && after === before, {
    before,
    after,
  });

  check.that('the victim lives', witnesses.victim.exitCode === null && witnesses.victim.signalCode === null);
  check.equal('no file of its making lies on the machine', filesMarked(witnesses.marker), []);
}

async function judgeOutliving(
  check: Checks,
  { story }: TheCase,
  { marker, listeners }: Witnesses,
  { job, attempts }: Outcome,
): Promise<void> {
  check.equal('outliving: the job finishes', stateOf(job), endedAs('finished'));
  const left = attempts.filter(({ attempt }) => attempt === 'outlive').map(({ detail }) => detail);
  check.equal('outliving: a process was left behind', left, ['left behind']);
  const alive = await eventually(
    story,
    async () => processesMarked(marker),
    (pids) => pids?.length === 0,
    2000,
  );
  if (alive === undefined) check.skip('outliving: it is gone', 'this system has no /proc to look through');
  else check.equal('outliving: it is gone', alive, []);
  check.equal('outliving: it reached nobody', listeners.hits(), []);
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
