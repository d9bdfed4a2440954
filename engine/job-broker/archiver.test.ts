import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../core/log.ts';
import { VirtualClock } from '../../core/virtual-clock.ts';
import { ANNOTATIONS, WORKFLOWS } from '../api/names.ts';
import { modelWorkflow } from '../api/testing/model-workflow.ts';
import type { WorkFlow } from '../api/workflow.ts';
import type { Archive } from '../archive/archive.ts';
import type { JobRecord } from '../archive/record.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { KubeError, statusOf } from '../kubernetes/kube-error.ts';
import { ObjectCache } from '../kubernetes/object-cache.ts';
import type { Resource } from '../kubernetes/objects.ts';
import type { Reflector } from '../kubernetes/reflector.ts';
import { Archiver } from './archiver.ts';

describe('the archiver', () => {
  test('tries again, less and less often, until the S3 takes the record, and only then says so', async () => {
    const lab = archiverLab();
    lab.archive.isDown = true;
    lab.start();
    lab.cache.put(ended(1));
    await lab.idle();
    expect(lab.archive.attempts).toBe(1);
    for (const pauseMs of [100, 200, 400, 800]) {
      lab.clock.advance(pauseMs - 1);
      await lab.idle();
      const { attempts } = lab.archive;
      lab.clock.advance(1);
      await lab.idle();
      expect(lab.archive.attempts).toBe(attempts + 1);
    }
    expect(lab.patches).toEqual([]);
    lab.archive.isDown = false;
    lab.clock.advance(1600);
    await lab.idle();
    expect(lab.archive.records.map(({ jobId }) => jobId)).toEqual(['j']);
    expect(lab.patches).toEqual([{ archived: true }]);
    expect(lab.clock.pendingTimers).toBe(0);
  });

  test('the longest pause is half a minute', async () => {
    const lab = archiverLab();
    lab.archive.isDown = true;
    lab.start();
    lab.cache.put(ended(1));
    await lab.idle();
    for (let tries = 0; tries < 20; tries++) {
      lab.clock.advance(30_000);
      await lab.idle();
    }
    expect(lab.archive.attempts).toBeGreaterThanOrEqual(20);
  });

  test('changes of a job meanwhile do not archive it twice', async () => {
    const lab = archiverLab();
    lab.archive.isDown = true;
    lab.start();
    lab.cache.put(ended(1));
    lab.cache.put(ended(2));
    await lab.idle();
    lab.cache.put(ended(3));
    await lab.idle();
    expect(lab.archive.attempts).toBe(1);
  });

  test('takes up what ended before it started, and what is archived stays alone', async () => {
    const lab = archiverLab();
    lab.cache.put(ended(1));
    lab.cache.put(ended(1, { name: 'job-k', archived: true }));
    lab.start();
    await lab.idle();
    expect(lab.archive.records).toHaveLength(1);
    expect(lab.patches).toEqual([{ archived: true }]);
  });

  test('a status that cannot be written is written at the next try', async () => {
    const lab = archiverLab();
    lab.failPatches(1, 500);
    lab.start();
    lab.cache.put(ended(1));
    await lab.idle();
    expect(lab.patches).toEqual([]);
    lab.clock.advance(100);
    await lab.idle();
    expect(lab.patches).toEqual([{ archived: true }]);
  });

  test('a job that has gone meanwhile is no failure', async () => {
    const lab = archiverLab();
    lab.failPatches(1, 404);
    lab.start();
    lab.cache.put(ended(1));
    await lab.idle();
    expect(lab.clock.pendingTimers).toBe(0);
  });

  test('a job that is deleted while its record is written leaves none', async () => {
    const lab = archiverLab();
    lab.onRecord(() => lab.change(ended(2, { isDeleted: true })));
    lab.start();
    lab.change(ended(1));
    await lab.idle();
    expect(lab.archive.records).toEqual([]);
    expect(lab.archive.removed).toEqual(['j']);
    expect(lab.patches).toEqual([{ archived: true }]);
  });

  test('a record that comes after the one of another archiver, and after the deletion, is removed', async () => {
    const lab = archiverLab();
    lab.onRecord(() => lab.change(ended(3, { isDeleted: true, archived: true })));
    lab.start();
    lab.change(ended(1));
    await lab.idle();
    expect(lab.archive.records).toEqual([]);
    expect(lab.patches).toEqual([]);
  });

  test('what changed otherwise meanwhile is in the record', async () => {
    const lab = archiverLab();
    lab.onRecord(() => lab.change(ended(2, { runConsumed: true })));
    lab.start();
    lab.change(ended(1));
    await lab.idle();
    expect(lab.archive.records).toMatchObject([{ jobId: 'j', runConsumed: true }]);
    expect(lab.patches).toEqual([{ archived: true }]);
  });

  test('a job of the same name that took its place is not taken for it', async () => {
    const lab = archiverLab();
    lab.onRecord(() => lab.change({ ...ended(2), metadata: { ...ended(2).metadata, uid: 'another' } }));
    lab.start();
    lab.change(ended(1));
    await lab.idle();
    expect(lab.patches).toEqual([]);
    expect(lab.clock.pendingTimers).toBe(0);
  });

  test('a job is archived when its pods are gone, not before: they may store outputs and report after its end', async () => {
    const lab = archiverLab();
    lab.start();
    lab.change(ended(1, { cleanedAt: undefined }));
    await lab.idle();
    expect([lab.archive.attempts, lab.patches]).toEqual([0, []]);
    lab.change(ended(2, { cleanedAt: undefined, isDeleted: true }));
    await lab.idle();
    expect(lab.archive.removed).toEqual([]);
    lab.change(ended(3, { isDeleted: true }));
    await lab.idle();
    expect([lab.archive.removed, lab.patches]).toEqual([['j'], [{ archived: true }]]);
  });

  test('stopped, it tries no more', async () => {
    const lab = archiverLab();
    lab.archive.isDown = true;
    const archiver = lab.start();
    lab.cache.put(ended(1));
    await lab.idle();
    archiver.stop();
    lab.clock.advance(100_000);
    await lab.idle();
    expect(lab.archive.attempts).toBe(1);
  });
});

function archiverLab() {
  const clock = new VirtualClock(1_700_000_000_000);
  const cache = new ObjectCache<WorkFlow>();
  const patches: object[] = [];
  const archive = { isDown: false, attempts: 0, records: [] as JobRecord[], removed: [] as string[] };
  let failures = { left: 0, code: 500 };
  let stored: WorkFlow | undefined;
  let onRecord: (() => void) | undefined;
  const s3: Pick<Archive, 'putRecord' | 'getResults' | 'removeJob'> = {
    async putRecord(record) {
      archive.attempts++;
      if (archive.isDown) throw new Error('connection refused');
      archive.records = [...archive.records.filter(({ jobId }) => jobId !== record.jobId), record];
      const happens = onRecord;
      onRecord = undefined;
      happens?.();
    },
    getResults: async () => [],
    async removeJob(jobId) {
      archive.removed.push(jobId);
      archive.records = archive.records.filter((record) => record.jobId !== jobId);
    },
  };
  const client = {
    find: async ({ resource }: Resource) => (resource === WORKFLOWS.resource ? stored : undefined),
    async mergePatch(_resource: unknown, _ref: unknown, patch: { metadata: WorkFlow['metadata']; status: object }) {
      if (failures.left-- > 0) throw new KubeError(statusOf(failures.code, ''), 'PATCH');
      const { uid, resourceVersion } = patch.metadata;
      const isCurrent = stored === undefined || stored.metadata.uid === uid;
      if (!isCurrent || (stored && resourceVersion && stored.metadata.resourceVersion !== resourceVersion))
        throw new KubeError(statusOf(409, ''), 'PATCH');
      patches.push(patch.status);
      return {};
    },
  };
  return {
    clock,
    cache,
    archive,
    patches,
    failPatches: (left: number, code: number) => void (failures = { left, code }),
    /** Once, when a record has been written. */
    onRecord: (happens: () => void) => void (onRecord = happens),
    /** In the cluster, and known from its watch. */
    change(workflow: WorkFlow) {
      stored = workflow;
      cache.put(workflow);
    },
    /** Everything that needs no time has happened. */
    idle: () => new Promise<void>((resolve) => setImmediate(resolve)),
    start: () =>
      new Archiver({
        client: client as unknown as KubeClient,
        archive: s3 as Archive,
        workflows: { cache } as Reflector<WorkFlow>,
        seams: { clock, log: silentLogger },
      }),
  };
}

interface Change {
  readonly name?: string;
  readonly archived?: boolean;
  readonly isDeleted?: boolean;
  readonly runConsumed?: boolean;
  readonly cleanedAt?: string | undefined;
}

const FINISHED_AT = '2023-11-14T22:13:20.000Z';

function ended(version: number, change: Change = {}): WorkFlow {
  const { name = 'job-j', archived, isDeleted, runConsumed, cleanedAt } = { cleanedAt: FINISHED_AT, ...change };
  const status = {
    phase: 'finished' as const,
    finishedAt: FINISHED_AT,
    ...(cleanedAt === undefined ? {} : { cleanedAt }),
    ...(archived ? { archived } : {}),
    ...(runConsumed === undefined ? {} : { runConsumed }),
  };
  return {
    ...modelWorkflow({ jobId: name.slice(4) }, status),
    metadata: {
      name,
      namespace: 'ocean',
      uid: name,
      resourceVersion: String(version),
      ...(isDeleted ? { annotations: { [ANNOTATIONS.deleteRequested]: 'true' } } : {}),
    },
  };
}
