import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { ResourceStack } from '../../../core/resource.ts';
import { systemSeams } from '../../../core/seams.ts';
import { VirtualClock } from '../../../core/virtual-clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { Archive } from '../../../engine/archive/archive.ts';
import { createArchive } from '../../../engine/archive/archive.ts';
import { modelRecord } from '../../../engine/archive/testing/model-record.ts';
import { startExpiry } from '../../../engine/job-broker/expiry.ts';
import { startEmbeddedS3 } from '../../storage/embedded/start-embedded-s3.ts';

const OWNER = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
let stack: ResourceStack;
let archive: Archive;
let keysLeft: () => Promise<string[]>;

beforeEach(async () => {
  stack = new ResourceStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'expiry-'));
  stack.defer('folder', () => rm(folder, { recursive: true, force: true }));
  const seams = systemSeams();
  stack.defer('net', () => seams.net.close());
  const s3 = await stack.start('s3', () => startEmbeddedS3({ ...seams, dataDir: folder }));
  const { hostname, port } = new URL(s3.endpoint);
  const { Client } = await import('minio');
  const minio = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: s3.accessKey,
    secretKey: s3.secretKey,
    region: s3.region,
  });
  await Promise.all(['results', 'adminlogs'].map((bucket) => minio.makeBucket(bucket)));
  archive = await createArchive({ ...s3, resultsBucket: 'results', adminBucket: 'adminlogs', net: seams.net });
  keysLeft = async () => {
    const keys: string[] = [];
    for await (const { name } of minio.listObjectsV2('results', '', true) as AsyncIterable<{ name: string }>)
      keys.push(name);
    return keys;
  };
});
afterEach(() => stack.stop());

async function archiveJob(jobId: string, expiresAt: number): Promise<void> {
  await archive.putOutput(jobId, 'model.json', Readable.from([Buffer.from('{}')]), 2);
  await archive.putRecord(modelRecord({ jobId, owner: OWNER, expiresAt }));
}

test('F9: results go when their storage time is over, and not before; what has none stays', async () => {
  const clock = new VirtualClock(1_000_000);
  await archiveJob('short', 1_030_000);
  await archiveJob('long', 9_000_000);
  await archiveJob('forever', 0);
  await stack.start('expiry', async () => startExpiry(archive, { clock, log: systemSeams().log }));
  await waitUntil('the first sweep', () => (clock.pendingTimers > 0 ? true : undefined), {
    clock: systemClock,
    timeoutMs: 2000,
    intervalMs: 2,
  });
  expect(await archive.getRecord('short')).toBeDefined();

  clock.advance(60_000);
  await waitUntil('the second sweep', () => (clock.pendingTimers > 0 ? true : undefined), {
    clock: systemClock,
    timeoutMs: 2000,
    intervalMs: 2,
  });
  expect(await archive.getRecord('short')).toBeUndefined();
  expect((await keysLeft()).filter((key) => key.includes('short'))).toEqual([]);
  expect(await archive.getRecord('long')).toBeDefined();
  expect(await archive.getRecord('forever')).toBeDefined();
  await expect(archive.open('jobs/short/outputs/model.json')).rejects.toMatchObject({ code: 'RESULT_GONE' });
});
