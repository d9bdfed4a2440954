import type { Checks } from '../../../harness/index.ts';
import { sha256Hex } from '../../../harness/index.ts';
import { endedAs, stateOf } from '../jobs.ts';
import type { TheCase } from '../the-case.ts';
import type { Outcome } from './experiments.ts';
import { judgeAttempts } from './judge-attempts.ts';
import { judgeDisk, judgeEndless, judgeForkBomb, judgeLogFlood, judgeMemory, judgeOutliving } from './judge-overuse.ts';
import { judgeTricks } from './judge-tricks.ts';
import type { Witnesses } from './witnesses.ts';
import { filesMarked } from './witnesses.ts';

type Judge = (check: Checks, outcome: Outcome, lab: TheCase, witnesses: Witnesses) => Promise<void> | void;

/** What each thing that a hostile algorithm does must come to, by its name. A leak is judged when all else was scanned. */
export const JUDGES: Readonly<Record<string, Judge>> = {
  hostile: judgeHostile,
  'endless running': judgeEndless,
  memory: judgeMemory,
  disk: judgeDisk,
  'fork bomb': judgeForkBomb,
  'log flood': judgeLogFlood,
  'tricks in the outputs': judgeTricks,
  'a process that outlives its parent': judgeOutliving,
};

function judgeHostile(
  check: Checks,
  { job, results, attempts }: Outcome,
  { recordings }: TheCase,
  witnesses: Witnesses,
): void {
  check.equal('the hostile job ends honestly', stateOf(job), endedAs('finished'));
  judgeAttempts(check, attempts);

  const { proven, provenServers } = witnesses;
  check.that('control: each listener saw who was allowed to reach it', proven.length >= 4, proven);
  check.equal('nothing reached a listener', witnesses.listeners.hits(), []);
  check.equal('control: each server counted a knock', provenServers.toSorted(), witnesses.servers.toSorted());
  check.equal('no server was knocked at from a pod', witnesses.newKnocks(), {});
  for (const name of witnesses.unwatchedServers)
    check.skip(`no knock from a pod at ${name}`, 'it runs outside the testbed, where knocks are not counted');

  const [before = '', after = ''] = [results.get('before.sha256')?.text, results.get('after.sha256')?.text];
  const given = [recordings.trainTs, recordings.heldOutTs, recordings.participantsTsv].map((text) => sha256Hex(text));
  const wereInputs = given.every((hash) => before.includes(hash));
  check.that('the recordings, as they are, were its inputs', wereInputs, before);
  check.equal('inputs, documents and code have the same bytes afterwards', after, before);

  check.that('the victim lives', witnesses.victim.exitCode === null && witnesses.victim.signalCode === null);
  check.equal('no file of its making lies on the machine', filesMarked(witnesses.marker), []);
}
