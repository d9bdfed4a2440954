import type { Checks, ComputeJob } from '../../../harness/index.ts';
import { eventually } from '../eventually.ts';
import { endedAs, stateOf } from '../jobs.ts';
import type { TheCase } from '../the-case.ts';
import { FLOOD_BYTES } from './attack.ts';
import type { Outcome } from './experiments.ts';
import type { Witnesses } from './witnesses.ts';
import { processesMarked } from './witnesses.ts';

export function judgeEndless(check: Checks, { job, results }: Outcome): void {
  const log = results.get('algorithm.log')?.text ?? '';
  check.that('endless running: the algorithm ran', log.includes('runs on'), log.slice(0, 200));
  check.equal('endless running: the job ends when its paid time is over', stateOf(job), endedAs('timeLimitReached'));
  check.equal('endless running: it counts as timed out', job.stopreq, 2);
}

export function judgeMemory(check: Checks, { job, attempts }: Outcome): void {
  const hasFilled = attempts.some(({ attempt, outcome }) => attempt === 'memory' && outcome === 'succeeded');
  check.equal('memory: the bound was not reached', hasFilled, false);
  check.equal('memory: the job ends as failed', stateOf(job), endedAs('algorithmFailed'));
  check.that('memory: for want of memory', isOutOfMemory(job), job.details);
  const taken = attempts.filter(({ attempt }) => attempt === 'memory').at(-1)?.detail;
  check.figure('memory that the algorithm had when it was killed', taken);
}

/**
 * A kubelet on a busy machine may lose the word OOMKilled: containerd tells it of the end before it tells it of the
 * cause. Left is a kill that nobody asked for, of an algorithm that did nothing but take memory.
 */
function isOutOfMemory({ details = {}, stopreq }: ComputeJob): boolean {
  const isToldSo = details['oomKilled'] === true || details['reason'] === 'OOMKilled';
  return isToldSo || (details['reason'] === 'Error' && details['signal'] === 9 && stopreq === 0);
}

export function judgeDisk(check: Checks, { job, attempts }: Outcome): void {
  check.equal('disk: the job survives it', stateOf(job), endedAs('finished'));
  const full = attempts.filter(({ attempt }) => attempt === 'disk').map(({ outcome, code }) => `${outcome} ${code}`);
  check.equal('disk: outputs and temporary folder are full before the bound', full, [
    'refused ENOSPC',
    'refused ENOSPC',
  ]);
}

export function judgeForkBomb(check: Checks, { job, attempts }: Outcome): void {
  check.equal('fork bomb: the job survives it', stateOf(job), endedAs('finished'));
  const bombs = attempts.filter(({ attempt }) => attempt === 'fork-bomb');
  const outcomes = bombs.map(({ outcome }) => outcome);
  check.equal('fork bomb: there was an end to new processes', outcomes, ['refused']);
  check.figure('processes that the fork bomb could start', bombs[0]?.detail);
}

export function judgeLogFlood(check: Checks, { job, results }: Outcome): void {
  check.equal('log flood: the job finishes', stateOf(job), endedAs('finished'));
  const log = results.get('algorithm.log');
  const size = log?.bytes.length ?? 0;
  check.that('log flood: the log is capped', size > 0 && size < FLOOD_BYTES, size);
  check.that('log flood: and says so', log?.text.includes('[the log was cut here') === true, log?.text.slice(-200));
}

export async function judgeOutliving(
  check: Checks,
  { job, attempts }: Outcome,
  { story }: TheCase,
  { marker, listeners }: Witnesses,
): Promise<void> {
  check.equal('outliving: the job finishes', stateOf(job), endedAs('finished'));
  const left = attempts.filter(({ attempt }) => attempt === 'outlive').map(({ detail }) => detail);
  check.equal('outliving: a process was left behind', left, ['left behind']);
  const look = async (): Promise<string[] | undefined> => processesMarked(marker);
  const alive = await eventually(story, look, (pids) => pids?.length === 0, 2000);
  if (alive === undefined) check.skip('outliving: it is gone', 'this system has no /proc to look through');
  else check.equal('outliving: it is gone', alive, []);
  check.equal('outliving: it reached nobody', listeners.hits(), []);
}
