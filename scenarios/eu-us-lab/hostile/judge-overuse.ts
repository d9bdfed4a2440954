import type { Checks, ComputeJob } from '../../../harness/index.ts';
import { endedAs, stateOf } from '../jobs.ts';
import type { TheCase } from '../the-case.ts';
import { FLOOD_BYTES } from './attack.ts';
import type { Outcome } from './experiments.ts';

/** What each overuse of a resource must come to. */
export const OVERUSE: Readonly<
  Record<string, (check: Checks, outcome: Outcome, lab: TheCase) => Promise<void> | void>
> = {
  'endless running'(check, { job }) {
    check.equal('endless running: the job ends when its paid time is over', stateOf(job), endedAs('timeLimitReached'));
    check.equal('endless running: it counts as timed out', job.stopreq, 2);
  },
  memory(check, { job, attempts }) {
    const hasFilled = attempts.some(({ attempt, outcome }) => attempt === 'memory' && outcome === 'succeeded');
    check.equal('memory: the bound was not reached', hasFilled, false);
    check.equal('memory: the job ends as failed', stateOf(job), endedAs('algorithmFailed'));
    check.equal('memory: for want of memory', outOfMemory(job), true);
  },
  disk(check, { job, attempts }) {
    check.equal('disk: the job survives it', stateOf(job), endedAs('finished'));
    const full = attempts.filter(({ attempt }) => attempt === 'disk').map(({ outcome, code }) => `${outcome} ${code}`);
    check.equal('disk: outputs and temporary folder are full before the bound', full, [
      'refused ENOSPC',
      'refused ENOSPC',
    ]);
  },
  'fork bomb'(check, { job, attempts }) {
    check.equal('fork bomb: the job survives it', stateOf(job), endedAs('finished'));
    const bombs = attempts.filter(({ attempt }) => attempt === 'fork-bomb');
    check.equal(
      'fork bomb: there was an end to new processes',
      bombs.map(({ outcome }) => outcome),
      ['refused'],
    );
    check.figure('processes that the fork bomb could start', bombs[0]?.detail);
  },
  'tricks in the outputs': judgeTricks,
  'log flood'(check, { job, results }) {
    check.equal('log flood: the job finishes', stateOf(job), endedAs('finished'));
    const log = results.get('algorithm.log');
    const size = log?.bytes.length ?? 0;
    check.that('log flood: the log is capped', size > 0 && size < FLOOD_BYTES, size);
    check.that('log flood: and says so', log?.text.includes('[the log was cut here') === true, log?.text.slice(-200));
  },
};

function outOfMemory({ details = {} }: ComputeJob): boolean {
  return details['oomKilled'] === true || details['reason'] === 'OOMKilled';
}

/** Of the tricks only regular files are published, and what was left out is on record for the operator. */
async function judgeTricks(check: Checks, { job, results, attempts }: Outcome, { testbed }: TheCase): Promise<void> {
  const { observe } = testbed;
  check.equal('tricks in the outputs: the job finishes', stateOf(job), endedAs('finished'));
  const made = attempts.filter(({ outcome }) => outcome === 'succeeded').map(({ target }) => target);
  const links = made.filter((target) => LINKS.includes(target));
  check.that('tricks in the outputs: links were made', links.length > 3, made);
  const published = [...results.keys()];
  check.equal('tricks in the outputs: no link was followed', published.filter(isLink), []);
  check.equal(
    'tricks in the outputs: no path leads upwards',
    published.filter((name) => /(^|\/)\.\.(\/|$)/.test(name)),
    [],
  );
  check.that(
    'tricks in the outputs: honest files are published',
    published.some((name) => name.includes('many/f')),
  );
  const passwords = [...results.values()].filter(({ text }) => /^root:[^\n]*:0:0:/m.test(text));
  check.equal('tricks in the outputs: nothing of the machine is in them', passwords.length, 0);

  const { adminLogs } = observe.bucketNames;
  const log = (await observe.objects(adminLogs)).find(({ key }) => key.includes(job.jobId) && key.includes('publish'));
  const text = log ? Buffer.from(await observe.readObject(adminLogs, log.key)).toString('utf8') : '';
  const unmentioned = links.filter((target) => !text.includes(target));
  check.equal('tricks in the outputs: every link that was left out is on record', unmentioned, []);
}

const LINKS = ['link-to-input', 'link-to-passwd', 'link-to-root', 'link-upwards', 'dangling', 'loop', 'link-to-self'];

function isLink(name: string): boolean {
  return LINKS.some((link) => name === `tricks/${link}` || name.startsWith(`tricks/${link}/`));
}
