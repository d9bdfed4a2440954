import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ResourceStack } from '../../../core/resource.ts';
import { systemSeams } from '../../../core/seams.ts';
import type { PublishedFile } from '../../../engine/api/broker-http.ts';
import type { StoredResult, WorkFlowStatus } from '../../../engine/api/workflow.ts';
import type { Archive } from '../../../engine/archive/archive.ts';
import { createArchive, MAX_RESULTS_BYTES } from '../../../engine/archive/archive.ts';
import type { JobRecord } from '../../../engine/archive/record.ts';
import { recordReport } from '../../../engine/job-broker/stage-reports.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { adminClient } from '../../storage/s3-client.ts';
import { startEmbeddedS3 } from '../../storage/embedded/start-embedded-s3.ts';

/** The most that one object of a cluster may have. */
const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024;
const stack = new ResourceStack();
let archive: Archive;

beforeAll(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'results-limit-'));
  stack.defer('folder', () => rm(folder, { recursive: true, force: true }));
  const seams = systemSeams();
  stack.defer('net', () => seams.net.close());
  const s3 = await stack.start('s3', () => startEmbeddedS3({ ...seams, dataDir: folder }));
  const minio = await adminClient(s3, seams.net);
  await Promise.all(['results', 'adminlogs'].map((bucket) => minio.makeBucket(bucket)));
  archive = await createArchive({ ...s3, resultsBucket: 'results', adminBucket: 'adminlogs', net: seams.net });
});
afterAll(() => stack.stop());

/** A list that is `bytes` long as JSON. */
function resultsOf(bytes: number): StoredResult[] {
  const one: StoredResult = { index: 0, filename: '', filesize: 1, type: 'output', sha256: '', key: '' };
  return [{ ...one, filename: 'x'.repeat(bytes - JSON.stringify([one]).length) }];
}

test('the longest list of results can be read again, alone and in the fullest record', async () => {
  const results = resultsOf(MAX_RESULTS_BYTES);
  await archive.putResults('full', results);
  expect((await archive.getResults('full'))?.[0]?.filename.length).toBe(results[0]?.filename.length);
  const record = { ...recordWith(results), details: { message: 'x'.repeat(MAX_OBJECT_BYTES) } };
  await archive.putRecord(record);
  expect((await archive.getRecord(record.jobId))?.results[0]?.filename.length).toBe(results[0]?.filename.length);
});

test('a list of one more byte is refused, and nothing is written', async () => {
  await expect(archive.putResults('over', resultsOf(MAX_RESULTS_BYTES + 1))).rejects.toMatchObject({
    code: 'RESULTS_TOO_LARGE',
  });
  expect(await archive.getResults('over')).toBeUndefined();
});

test('outputs whose names are too long to be listed end the job as not published, also when they are few enough', async () => {
  const files = Array.from({ length: 10_000 }, (_, i): PublishedFile => ({
    path: `${'"'.repeat(894)}${i}`,
    bytes: 1,
    sha256: '0'.repeat(64),
    type: 'output',
  }));
  expect(await reportOf('quotes', files)).toMatchObject({
    reports: { publish: { ok: false, code: 'RESULTS_TOO_LARGE' } },
  });
  expect(await archive.getResults('quotes')).toBeUndefined();
  expect(await reportOf('fewer', files.slice(0, 1000))).toMatchObject({ reports: { publish: { ok: true } } });
  expect((await archive.getResults('fewer'))?.length).toBe(1000);
});

/** What the broker writes into the status. */
async function reportOf(jobId: string, files: readonly PublishedFile[]): Promise<Partial<WorkFlowStatus> | undefined> {
  const written: { status: Partial<WorkFlowStatus> }[] = [];
  const mergePatch = async (_resource: unknown, _ref: unknown, patch: { status: object }): Promise<object> => {
    written.push(patch);
    return {};
  };
  const stored: Pick<Archive, 'outputSizes' | 'putResults'> = {
    outputSizes: async () => new Map(files.map((file) => [file.path, file.bytes])),
    putResults: (id, results) => archive.putResults(id, results),
  };
  const deps = { client: { mergePatch } as unknown as KubeClient, archive: stored as Archive, namespace: 'ocean' };
  const report = { ok: true, published: files.length, refused: [], files };
  await recordReport(deps, jobId, { stage: 'publish', report });
  return written[0]?.status;
}

function recordWith(results: readonly StoredResult[]): JobRecord {
  const at = '2026-01-01T00:00:00Z';
  const ids = { jobId: 'full', owner: '0xaa', provider: '0xbb', agreementId: '0x1', chainId: 8996, environment: 'e' };
  const end = { phase: 'finished', stop: 0, createdAt: at, finishedAt: at, expiresAt: 0 } as const;
  return { version: 1, ...ids, algorithmDid: '', inputDids: [], ...end, results };
}
