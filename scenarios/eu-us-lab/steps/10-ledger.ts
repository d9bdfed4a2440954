import type { Checks, MachineDifference, Observer } from '../../../harness/index.ts';
import { eventually } from '../eventually.ts';
import type { Inventory, TheCase } from '../the-case.ts';
import { takeInventory } from '../the-case.ts';
import type { StartedJob } from './03-pay.ts';

/** A cluster's own controllers take volumes away when they get to it. */
const SETTLE_MS = 30_000;

/** Everything that the case brought into being is gone, or somebody's and accounted for. */
export async function balanceLedger(check: Checks, lab: TheCase, { jobId }: StartedJob): Promise<void> {
  const { story, testbed, before, jobs } = lab;
  const after = await eventually(
    story,
    () => takeInventory(testbed),
    (seen) => isSettled(lab, seen),
    SETTLE_MS,
  );
  for (const [kind, { added }] of Object.entries(differencesOf(lab, after))) {
    check.equal(`on the machine, nothing new among ${WORDS[kind as keyof MachineDifference]}`, added, []);
  }
  for (const [kind, names] of Object.entries(after.cluster)) {
    const kept = new Set(before.cluster[kind] ?? []);
    const added = names.filter((name) => !kept.has(name));
    const unexplained = added.filter((name) => !isAccountedFor(kind, name, jobs.ids()));
    check.equal(`in the cluster, no unexplained ${kind}`, unexplained, []);
  }
  check.equal('the buckets are those that there were', after.buckets, before.buckets);
  await objectsBelongToJobs(check, lab);
  await deletingRemoves(check, lab, jobId);
  check.figure('jobs', Object.fromEntries(jobs.ids().map((id) => [id.slice(0, 12), jobs.purposeOf(id)])));
}

const WORDS = {
  processes: 'the processes',
  mounts: 'the mounts',
  cgroups: 'the cgroups',
  namespaces: 'the namespaces',
  ports: 'the open ports',
  temporaryFolders: 'the temporary folders',
} as const satisfies Record<keyof MachineDifference, string>;

function differencesOf({ testbed, before }: TheCase, after: Inventory): MachineDifference {
  return testbed.observe.machineDifference(before.machine, after.machine);
}

function isSettled(lab: TheCase, after: Inventory): boolean {
  const isMachineClean = Object.values(differencesOf(lab, after)).every(({ added }) => added.length === 0);
  const isClusterClean = Object.entries(after.cluster).every(([kind, names]) =>
    names.every(
      (name) => lab.before.cluster[kind]?.includes(name) === true || isAccountedFor(kind, name, lab.jobs.ids()),
    ),
  );
  return isMachineClean && isClusterClean;
}

/** Of an ended job its record stays until its retention is over, and what was told about it. */
function isAccountedFor(kind: string, name: string, jobIds: readonly string[]): boolean {
  if (kind === 'events') return true;
  return kind === 'workflows' && jobIds.some((jobId) => name.includes(jobId));
}

async function objectsBelongToJobs(check: Checks, { story, testbed: { observe }, jobs }: TheCase): Promise<void> {
  const { results, adminLogs } = observe.bucketNames;
  // A job's record follows the last of its pods.
  await eventually(
    story,
    () => observe.objects(results),
    (objects) => jobs.ids().every((jobId) => objects.some(({ key }) => key.endsWith(`jobs/${jobId}/record.json`))),
    SETTLE_MS,
  );
  for (const bucket of [results, adminLogs]) {
    const objects = await observe.objects(bucket);
    const nobodys = objects.filter(({ key }) => !jobs.ids().some((jobId) => key.includes(jobId)));
    check.equal(
      `every object in ${bucket} is of a job of this case`,
      nobodys.map(({ key }) => key),
      [],
    );
    // On a slow machine paid seconds can be over before a job's first pod has ended: that job has a record, and no log of a stage.
    const due = bucket === adminLogs ? await withEndedPods(observe, jobs.ids()) : jobs.ids();
    const without = due.filter((jobId) => !objects.some(({ key }) => key.includes(jobId)));
    check.equal(
      `every job has left its record in ${bucket}`,
      without.map((id) => jobs.purposeOf(id)),
      [],
    );
  }
}

async function withEndedPods(observe: Observer, jobIds: readonly string[]): Promise<string[]> {
  const created = await observe.podsEverCreated();
  return jobIds.filter((jobId) => created.some((pod) => pod.jobId === jobId && pod.phase === 'Succeeded'));
}

async function deletingRemoves(check: Checks, { testbed: { observe }, actors }: TheCase, jobId: string): Promise<void> {
  const { results } = observe.bucketNames;
  const count = async (): Promise<{ deleted: number; others: number }> => {
    const objects = await observe.objects(results);
    const deleted = objects.filter(({ key }) => key.includes(jobId)).length;
    return { deleted, others: objects.length - deleted };
  };
  const before = await count();
  check.refused(
    'a stranger deletes the job',
    await actors.stranger.deleteCompute(jobId, { fields: { consumerAddress: actors.usLab.address } }),
    {
      status: 400,
      code: 'SIGNATURE_INVALID',
    },
  );
  check.equal('then it is still there', await count(), before);
  check.accepted('its owner deletes it', await actors.usLab.deleteCompute(jobId));
  check.equal('its results are gone, those of others stay', await count(), { deleted: 0, others: before.others });
}
