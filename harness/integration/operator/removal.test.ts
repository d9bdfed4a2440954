import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { Client } from 'minio';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Net } from '../../../core/net.ts';
import { ResourceStack } from '../../../core/resource.ts';
import { systemSeams } from '../../../core/seams.ts';
import type { Archive } from '../../../engine/archive/archive.ts';
import { createArchive } from '../../../engine/archive/archive.ts';
import type { JobRecord } from '../../../engine/archive/record.ts';
import { modelRecord } from '../../../engine/archive/testing/model-record.ts';
import type { PolicyStatement } from '../../storage/access-policy.ts';
import type { RunningEmbeddedS3 } from '../../storage/embedded/start-embedded-s3.ts';
import { startEmbeddedS3 } from '../../storage/embedded/start-embedded-s3.ts';
import { OPERATOR_SERVICE_GRANTS } from '../../storage/lab-storage.ts';
import { adminClient } from '../../storage/s3-client.ts';

const OWNER = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
const BUCKETS = { results: 'results', adminLogs: 'adminlogs' } as const;
let stack: ResourceStack;
let s3: RunningEmbeddedS3;
let net: Net;
let admin: Client;
/** The broker's, which may do all. */
let archive: Archive;

beforeEach(async () => {
  stack = new ResourceStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'removal-'));
  stack.defer('folder', () => rm(folder, { recursive: true, force: true }));
  const seams = systemSeams();
  net = seams.net;
  stack.defer('net', () => net.close());
  s3 = await stack.start('s3', () => startEmbeddedS3({ ...seams, dataDir: folder }));
  admin = await adminClient(s3, net);
  await Promise.all(Object.values(BUCKETS).map((bucket) => admin.makeBucket(bucket)));
  archive = await archiveAs(s3);
});
afterEach(() => stack.stop());

test('nothing of a job is left: outputs, logs of our own stages and unfinished uploads go, and those of others stay', async () => {
  for (const jobId of ['gone', 'stays']) await archiveJob(jobId);
  const before = await traces();
  // The Operator Service removes what a consumer deletes, with the rights that it has.
  await (await archiveAs(await userWith('service', serviceGrants()))).removeJob('gone', OWNER);
  expect(await traces()).toEqual(before.filter((trace) => trace.includes('stays')));
});

test('results that run out go in the same way', async () => {
  await archiveJob('short', { expiresAt: 1000 });
  await archive.removeExpired('short', 1001);
  expect(await traces()).toEqual([]);
});

test('results and logs may lie in one place, in a bucket that belongs to others as well', async () => {
  const shared = await archiveAs(s3, 'results/ours', 'results/ours');
  await archiveJob('gone', {}, { archive: shared, prefix: 'ours/' });
  await archiveJob('gone');
  const others = (await traces()).filter((trace) => !trace.includes('ours/'));
  await shared.removeJob('gone', OWNER);
  expect(await traces()).toEqual(others);
});

test.each([
  ['an output', 'results', 's3:DeleteObject', 'jobs/j/record.json', 'jobs/j/outputs/'],
  ['a log of our stages', 'adminlogs', 's3:DeleteObject', 'nothing', ''],
  ['the listing of an owner', 'results', 's3:DeleteObject', 'jobs/', 'owners/'],
  ['an upload', 'results', 's3:AbortMultipartUpload', 'nothing', ''],
] as const)(
  'a removal that the S3 refuses for %s has failed, and can be repeated to its end',
  async (_what, bucket, action, only, refused) => {
    await archiveJob('j', { expiresAt: 1000 });
    // Everywhere else, and here on other keys only.
    const grants = serviceGrants().flatMap((grant): PolicyStatement[] =>
      grant.bucket !== bucket
        ? [grant]
        : [
            { ...grant, actions: grant.actions.filter((one) => one !== action) },
            { bucket, actions: [action], prefix: only },
          ],
    );
    const weak = await archiveAs(await userWith('weak', grants));
    for (const remove of [
      () => weak.removeJob('j', OWNER),
      () => weak.removeJob('j', OWNER),
      () => weak.removeExpired('j', 1001),
    ])
      await expect(remove()).rejects.toMatchObject({ code: 'ARCHIVE_FAILED', message: /AccessDenied/ });
    expect((await traces()).join()).toContain(refused);
    // As long as the record is there, who asks again finds the job.
    expect(await archive.getRecord('j')).toBeDefined();
    await archive.removeExpired('j', 1001);
    expect(await traces()).toEqual([]);
  },
);

test('every unfinished upload of a key is aborted, not only the latest', async () => {
  await archiveJob('many');
  const key = 'jobs/many/outputs/large';
  await Promise.all(Array.from({ length: 3 }, () => admin.initiateNewMultipartUpload('results', key, {})));
  await archive.removeJob('many', OWNER);
  expect(await traces()).toEqual([]);
});

test('an unfinished upload goes whatever its key is, and one of others whose key is a number harms nobody', async () => {
  await archiveJob('odd');
  await admin.initiateNewMultipartUpload('results', `jobs/odd/outputs/it's "odd" & <so>.csv`, {});
  const others = await admin.initiateNewMultipartUpload('results', '12345', {});
  await archive.removeJob('odd', OWNER);
  await admin.abortMultipartUpload('results', '12345', others);
  expect(await traces()).toEqual([]);
});

async function archiveAs(
  keys: { readonly accessKey: string; readonly secretKey: string },
  resultsBucket: string = BUCKETS.results,
  adminBucket: string = BUCKETS.adminLogs,
): Promise<Archive> {
  const { endpoint, region } = s3;
  const { accessKey, secretKey } = keys;
  return createArchive({ endpoint, region, accessKey, secretKey, resultsBucket, adminBucket, net });
}

function serviceGrants(): PolicyStatement[] {
  return OPERATOR_SERVICE_GRANTS.map(({ bucket, actions }) => ({ bucket: BUCKETS[bucket], actions }));
}

async function userWith(name: string, policy: readonly PolicyStatement[]) {
  const keys = { accessKey: name, secretKey: `secret-of-${name}` };
  s3.createUser({ ...keys, policy });
  return keys;
}

/** Two outputs, one that was never finished, all logs, record and marks. */
async function archiveJob(
  jobId: string,
  change: Partial<JobRecord> = {},
  place = { archive, prefix: '' },
): Promise<void> {
  for (const name of ['a.json', 'b.json']) await place.archive.putOutput(jobId, name, Readable.from(['{}']), 2);
  await place.archive.putAlgorithmLog(jobId, Readable.from(['log']), 3);
  for (const stage of ['configure', 'publish']) await place.archive.putAdminLog(jobId, stage, 'log');
  await place.archive.putResults(jobId, []);
  await admin.initiateNewMultipartUpload('results', `${place.prefix}jobs/${jobId}/outputs/large`, {});
  await place.archive.putRecord(modelRecord({ jobId, owner: OWNER, ...change }));
}

/** Every object and every unfinished upload in both buckets. */
async function traces(): Promise<string[]> {
  const found: string[] = [];
  for (const bucket of Object.values(BUCKETS)) {
    for await (const { name } of admin.listObjectsV2(bucket, '', true) as AsyncIterable<{ name: string }>)
      found.push(`${bucket}/${name}`);
    for await (const { key } of admin.listIncompleteUploads(bucket, '', true) as AsyncIterable<{ key: string }>)
      found.push(`${bucket}/${key} (unfinished)`);
  }
  return found;
}
