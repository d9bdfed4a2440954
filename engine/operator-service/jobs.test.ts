import { describe, expect, test } from 'vitest';
import { WavetankError } from '../../core/errors.ts';
import { ANNOTATIONS, LABELS, WORKFLOWS } from '../api/names.ts';
import { modelWorkflow } from '../api/testing/model-workflow.ts';
import type { WorkFlow } from '../api/workflow.ts';
import type { Archive } from '../archive/archive.ts';
import { ownerDigest } from '../archive/keys.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { KubeError, statusOf } from '../kubernetes/kube-error.ts';
import { ObjectCache } from '../kubernetes/object-cache.ts';
import type { Resource } from '../kubernetes/objects.ts';
import type { Reflector } from '../kubernetes/reflector.ts';
import { BY_OWNER, Jobs, ownersOf } from './jobs.ts';

const PROVIDER = `0x${'bb'.repeat(20)}`;
const OWNER = `0x${'aa'.repeat(20)}`;

describe('DELETE', () => {
  const selector = { provider: PROVIDER, owner: OWNER, jobId: 'j' };

  test('of a job that was archived a moment ago removes record and WorkFlow, whatever the watch has told', async () => {
    const lab = jobsLab([job('j', 1)]);
    lab.cluster.set('job-j', job('j', 2, { archived: true }));
    await lab.jobs.remove(selector);
    expect([lab.removed, lab.deleted]).toEqual([['j'], ['job-j']]);
  });

  test('of a job that is not archived yet removes what there is, and leaves the rest to the archiver', async () => {
    const lab = jobsLab([job('j', 1)]);
    await lab.jobs.remove(selector);
    expect([lab.removed, lab.deleted]).toEqual([['j'], []]);
    expect(lab.cluster.get('job-j')?.metadata.annotations).toEqual({ [ANNOTATIONS.deleteRequested]: 'true' });
  });

  test('of a job whose WorkFlow expires at that moment removes its record', async () => {
    const lab = jobsLab([job('j', 1)]);
    lab.cluster.delete('job-j');
    await lab.jobs.remove(selector);
    expect(lab.removed).toEqual(['j']);
  });

  test('that meets a conflict removes nothing, and is to be sent again', async () => {
    const lab = jobsLab([job('j', 1)]);
    lab.conflict = true;
    await expect(lab.jobs.remove(selector)).rejects.toThrow('409');
    expect([lab.removed, lab.deleted]).toEqual([[], []]);
  });

  test('sent again ends what an earlier one had begun', async () => {
    const begun = job('j', 2, { archived: true });
    begun.metadata.annotations = { [ANNOTATIONS.deleteRequested]: 'true' };
    const lab = jobsLab([begun]);
    await lab.jobs.remove(selector);
    expect([lab.removed, lab.deleted]).toEqual([['j'], ['job-j']]);
  });
});

describe('an owner whose archive cannot tell the results of one job', () => {
  const published = { reports: { publish: { ok: true, published: 1, refused: [] } } };
  const results = [{ index: 0, filename: 'a', filesize: 1, type: 'output' as const, sha256: '', key: 'k' }];
  const broken = job('broken', 1, published);
  const whole = job('whole', 1, { ...published, results });
  const list = { provider: PROVIDER, owner: OWNER };
  const page = { offset: 0, limit: 10 };

  test('is told of the others, and of that one without results, which says so', async () => {
    const { jobs } = jobsLab([broken, whole]);
    const told = new Map((await jobs.page(list, page)).jobs.map((one) => [one.jobId, one]));
    expect(told.get('whole')).toMatchObject({ status: 70, results: [{ filename: 'a' }] });
    expect(told.get('whole')?.details).toBeUndefined();
    expect(told.get('broken')).toMatchObject({ status: 70, results: '', details: { resultsUnavailable: true } });
  });

  test('who asks for that job, or follows it, is told to try again', async () => {
    const { jobs } = jobsLab([broken, whole]);
    const failed = { code: 'ARCHIVE_FAILED' };
    await expect(jobs.page({ ...list, jobId: 'broken' }, page)).rejects.toMatchObject(failed);
    await expect(jobs.page({ provider: PROVIDER, agreementId: '0x1' }, page)).rejects.toMatchObject(failed);
    await expect(jobs.find(list)).rejects.toMatchObject(failed);
  });
});

/** Jobs over a cache that is as old as it is given, a cluster that may be newer, and an archive that notes what is removed and cannot read. */
function jobsLab(known: readonly WorkFlow[]) {
  const cache = new ObjectCache<WorkFlow>({ [BY_OWNER]: ownersOf });
  const cluster = new Map(known.map((workflow) => [workflow.metadata.name, workflow]));
  for (const workflow of known) cache.put(workflow);
  const removed: string[] = [];
  const deleted: string[] = [];
  const gone = (): KubeError => new KubeError(statusOf(404, ''), 'PATCH');
  const faults = { conflict: false };
  const client = {
    async mergePatch(_resource: Resource, { name }: { name: string }, patch: Partial<WorkFlow>) {
      const current = cluster.get(name);
      if (!current) throw gone();
      if (faults.conflict) throw new KubeError(statusOf(409, ''), 'PATCH');
      const { metadata, spec } = current;
      const patched: WorkFlow = {
        ...current,
        metadata: { ...metadata, ...patch.metadata, resourceVersion: String(Number(metadata.resourceVersion) + 1) },
        spec: { ...spec, ...patch.spec },
      };
      cluster.set(name, patched);
      return patched;
    },
    async delete(resource: Resource, { name }: { name: string }) {
      expect(resource).toBe(WORKFLOWS);
      if (!cluster.delete(name)) throw gone();
      deleted.push(name);
    },
  };
  const archive: Partial<Archive> = {
    jobsOf: async () => [],
    getResults: async () => {
      throw new WavetankError('ARCHIVE_FAILED', 'The S3 did not read a record.');
    },
    removeJob: async (jobId) => void removed.push(jobId),
  };
  const jobs = new Jobs({
    client: client as unknown as KubeClient,
    archive: archive as Archive,
    workflows: { cache } as Reflector<WorkFlow>,
    namespace: 'ocean',
  });
  return Object.assign(faults, { jobs, cluster, removed, deleted });
}

function job(jobId: string, version: number, status: Partial<WorkFlow['status'] & object> = {}): WorkFlow {
  const ended = { phase: 'finished' as const, finishedAt: '2023-11-14T22:13:20.000Z', ...status };
  return {
    ...modelWorkflow({ jobId, owner: OWNER, provider: PROVIDER }, ended),
    metadata: {
      name: `job-${jobId}`,
      namespace: 'ocean',
      uid: jobId,
      resourceVersion: String(version),
      labels: { [LABELS.owner]: ownerDigest(OWNER) },
    },
  };
}
