import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'minio';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { assert } from '../../../core/errors.ts';
import { systemSeams } from '../../../core/seams.ts';
import type { S3Action } from '../access-policy.ts';
import type { RunningEmbeddedS3 } from '../embedded/start-embedded-s3.ts';
import { startEmbeddedS3 } from '../embedded/start-embedded-s3.ts';
import { sweepLeftovers } from '../leftovers.ts';
import { adminClient } from '../s3-client.ts';
import type { RunningExistingS3 } from './start-existing.ts';
import { startExistingS3 } from './start-existing.ts';

/** Somebody else's S3, played by the embedded one. */
const seams = systemSeams();
const folder = mkdtempSync(path.join(tmpdir(), 'wavetank-existing-'));
const stateRoot = path.join(folder, 'state');
let theirs: RunningEmbeddedS3 | undefined;
let client: Client | undefined;
const s3 = (): RunningEmbeddedS3 => {
  assert(theirs, 'it has started');
  return theirs;
};
const admin = (): Client => {
  assert(client, 'it has started');
  return client;
};

beforeAll(async () => {
  theirs = await startEmbeddedS3({ ...seams, dataDir: path.join(folder, 's3') });
  client = await adminClient(theirs, seams.net);
  await client.makeBucket('shared');
  await client.putObject('shared', 'theirs', 'x');
});
beforeEach(() => rmSync(stateRoot, { recursive: true, force: true }));
afterAll(async () => {
  await theirs?.stop();
  await seams.net.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = (bucket?: string, keys: { accessKey: string; secretKey: string } = s3()): Promise<RunningExistingS3> =>
  startExistingS3({
    ...seams,
    url: s3().endpoint,
    region: 'us-east-1',
    keys,
    bucket,
    instance: 'lab',
    stateRoot,
  });
const keysIn = async (bucket: string): Promise<string[]> =>
  ((await admin().listObjectsV2(bucket, '', true).toArray()) as { name: string }[]).map(({ name }) => name);
const bucketNames = async (): Promise<string[]> => (await admin().listBuckets()).map(({ name }) => name);
const journals = (): string[] => {
  const place = path.join(stateRoot, 'storage');
  return existsSync(place) ? readdirSync(place) : [];
};
const userWith = (name: string, actions: readonly S3Action[]): { accessKey: string; secretKey: string } => {
  const keys = { accessKey: name, secretKey: `${name}-secret` };
  s3().createUser({ ...keys, policy: [{ actions, bucket: 'shared' }] });
  return keys;
};

test('in a bucket that others use, everything lies below one prefix, and only that is removed', async () => {
  const place = await start('shared');
  const [bucket, prefix] = place.buckets.results.split(/\/(.*)/s) as [string, string];
  expect([bucket, prefix]).toEqual(['shared', expect.stringMatching(/^wavetank-lab-[0-9a-f]{8}\/results$/)]);
  expect(place.buckets.adminLogs).not.toBe(place.buckets.results);
  await admin().putObject('shared', `${prefix}/jobs/1/out`, 'ours');
  await admin().initiateNewMultipartUpload('shared', `${prefix}/jobs/1/half`, {});
  // As long as ours, and with the same beginning.
  const neighbour = `${prefix.split('/')[0] ?? ''}x/out`;
  await admin().putObject('shared', neighbour, 'theirs');
  await place.stop();
  expect(await keysIn('shared')).toEqual(['theirs', neighbour].toSorted());
  expect(await admin().findUploadId('shared', `${prefix}/jobs/1/half`)).toBeUndefined();
  expect(journals()).toEqual([]);
  await admin().removeObject('shared', neighbour);
});

test('without a bucket it makes two and removes them with all that is in them', async () => {
  const place = await start();
  const { results, adminLogs } = place.buckets;
  expect(await bucketNames()).toEqual(expect.arrayContaining([results, adminLogs, 'shared']));
  await admin().putObject(results, 'jobs/1/out', 'ours');
  await place.stop();
  expect(await bucketNames()).toEqual(['shared']);
});

test('says what the account may and may not do, and leaves nothing', async () => {
  const reader = userWith('reader', ['s3:ListBucket', 's3:GetObject']);
  await expect(start('shared', reader)).rejects.toMatchObject({
    code: 'S3_PREFLIGHT_FAILED',
    category: 'environment',
    details: {
      allowed: ['list', 'get'],
      refused: { put: 'AccessDenied', multipart: 'AccessDenied', delete: 'AccessDenied' },
    },
  });
  expect(await keysIn('shared')).toEqual(['theirs']);
  expect(journals()).toEqual([]);
});

test('an account that may write but not delete is refused, and what it had to leave is known', async () => {
  const writer = userWith('writer', ['s3:ListBucket', 's3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload']);
  await expect(start('shared', writer)).rejects.toMatchObject({ details: { refused: { delete: 'AccessDenied' } } });
  expect(journals()).toHaveLength(1);
  age(journals()[0] ?? '');
  expect(await sweepLeftovers(stateRoot)).toMatchObject({ objects: 0, kept: [expect.stringContaining('keys')] });
  expect(await sweepLeftovers(stateRoot, s3())).toMatchObject({ objects: 1, kept: [] });
  expect(await keysIn('shared')).toEqual(['theirs']);
  expect(journals()).toEqual([]);
});

test('what a killed testbed left is removed later, and nothing of one that lives', async () => {
  const place = await start();
  expect(await sweepLeftovers(stateRoot, s3())).toMatchObject({ buckets: 0 });
  expect(await bucketNames()).toContain(place.buckets.results);
  age(journals()[0] ?? '');
  expect(await sweepLeftovers(stateRoot, s3())).toMatchObject({ buckets: 2, kept: [] });
  expect(await bucketNames()).toEqual(['shared']);
});

test('nobody answers', async () => {
  const nowhere = { ...seams, url: 'http://127.0.0.1:9', region: 'us-east-1', keys: s3(), instance: 'lab', stateRoot };
  await expect(startExistingS3({ ...nowhere, bucket: 'shared' })).rejects.toMatchObject({ code: 'S3_UNREACHABLE' });
  expect(journals()).toEqual([]);
});

/** Makes the journal's owner a process of another boot. */
function age(journal: string): void {
  const file = path.join(stateRoot, 'storage', journal);
  const entry = JSON.parse(readFileSync(file, 'utf8')) as { owner: object };
  writeFileSync(file, JSON.stringify({ ...entry, owner: { ...entry.owner, bootId: 'another' } }));
}
