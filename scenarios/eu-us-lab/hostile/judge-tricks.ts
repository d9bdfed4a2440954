import type { Checks } from '../../../harness/index.ts';
import { endedAs, stateOf } from '../jobs.ts';
import type { TheCase } from '../the-case.ts';
import type { Outcome } from './experiments.ts';

const LINKS = ['link-to-input', 'link-to-passwd', 'link-to-root', 'link-upwards', 'dangling', 'loop', 'link-to-self'];

/** Of the tricks only regular files are published, and what was left out is on record for the operator. */
export async function judgeTricks(
  check: Checks,
  { job, results, attempts }: Outcome,
  { testbed }: TheCase,
): Promise<void> {
  check.equal('tricks in the outputs: the job finishes', stateOf(job), endedAs('finished'));
  const made = attempts.filter(({ outcome }) => outcome === 'succeeded').map(({ target }) => target);
  const links = made.filter((target) => LINKS.includes(target));
  check.equal('tricks in the outputs: every link was made', links.toSorted(), LINKS.toSorted());
  const published = [...results.keys()];
  check.equal('tricks in the outputs: no link was followed', published.filter(isLink), []);
  const upwards = published.filter((name) => /(^|\/)\.\.(\/|$)/.test(name));
  check.equal('tricks in the outputs: no path leads upwards', upwards, []);
  const honest = published.some((name) => name.includes('many/f'));
  check.that('tricks in the outputs: honest files are published', honest, published);
  const passwords = [...results.values()].filter(({ text }) => /^root:[^\n]*:0:0:/m.test(text));
  check.equal('tricks in the outputs: nothing of the machine is in them', passwords.length, 0);

  const log = await publishLogOf(testbed, job.jobId);
  const unmentioned = links.filter((target) => !log.includes(target));
  check.equal('tricks in the outputs: every link that was left out is on record', unmentioned, []);
}

async function publishLogOf({ observe }: TheCase['testbed'], jobId: string): Promise<string> {
  const { adminLogs } = observe.bucketNames;
  const objects = await observe.objects(adminLogs);
  const log = objects.find(({ key }) => key.includes(jobId) && key.includes('publish'));
  return log ? Buffer.from(await observe.readObject(adminLogs, log.key)).toString('utf8') : '';
}

function isLink(name: string): boolean {
  return LINKS.some((link) => name === `tricks/${link}` || name.startsWith(`tricks/${link}/`));
}
