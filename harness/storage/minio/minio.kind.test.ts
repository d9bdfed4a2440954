import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'minio';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { randomHex, systemEntropy } from '../../../core/entropy.ts';
import { systemSeams } from '../../../core/seams.ts';
import { BROKER_GRANTS, OPERATOR_SERVICE_GRANTS } from '../lab-storage.ts';
import { sweepLeftovers } from '../leftovers.ts';
import { adminClient } from '../s3-client.ts';
import { connectEngine } from './container-engine.ts';
import { startMinio, whyThereIsNoMinio } from './start-minio.ts';

const missing = await whyThereIsNoMinio();
const seams = systemSeams();
const folder = mkdtempSync(path.join(tmpdir(), 'wavetank-minio-'));
let instance = '';
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
  instance = `test-${randomHex(systemEntropy, 4)}`;
});
afterEach(async () => {
  if (missing !== undefined) return;
  const { dockerode } = (await connectEngine()).container;
  const left = await dockerode.listContainers({ all: true, filters: { label: [`wavetank.instance=${instance}`] } });
  await Promise.all(left.map(({ Id }) => dockerode.getContainer(Id).remove({ force: true, v: true })));
});
afterAll(async () => {
  await seams.net.close();
  rmSync(folder, { recursive: true, force: true });
});

const journals = (): string[] => {
  const place = path.join(folder, 'storage');
  return existsSync(place) ? readdirSync(place) : [];
};
const ours = async (): Promise<number> => {
  const { dockerode } = (await connectEngine()).container;
  return (await dockerode.listContainers({ all: true, filters: { label: [`wavetank.instance=${instance}`] } })).length;
};
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'allowed';
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
};

test('each product may do what it needs, and nothing else', async () => {
  await using s3 = await startMinio({ ...seams, instance, stateRoot: folder });
  const admin = await adminClient(s3, seams.net);
  const buckets = { results: 'results', adminLogs: 'adminlogs' };
  for (const bucket of [...Object.values(buckets), 'others']) await admin.makeBucket(bucket);
  const userWith = async (name: string, grants: typeof BROKER_GRANTS): Promise<Client> => {
    const keys = { accessKey: name, secretKey: `secret-of-${name}` };
    const policy = grants.map(({ bucket, actions }) => ({ actions, bucket: buckets[bucket] }));
    await s3.createUser({ ...keys, policy });
    await expect(s3.createUser({ ...keys, policy })).rejects.toMatchObject({ code: 'S3_USER_EXISTS' });
    return adminClient({ ...s3, ...keys }, seams.net);
  };
  const broker = await userWith('broker', BROKER_GRANTS);
  const service = await userWith('service', OPERATOR_SERVICE_GRANTS);
  for (const bucket of Object.values(buckets)) {
    expect(await codeOf(broker.putObject(bucket, 'jobs/1/out', 'x'))).toBe('allowed');
    expect(await codeOf(service.putObject(bucket, 'jobs/1/out', 'y'))).toBe('AccessDenied');
    expect(await codeOf(service.listObjectsV2(bucket, '', true).toArray())).toBe('allowed');
  }
  expect(await codeOf(service.getObject('results', 'jobs/1/out'))).toBe('allowed');
  expect(await codeOf(service.getObject('adminlogs', 'jobs/1/out'))).toBe('AccessDenied');
  expect(await codeOf(service.removeObject('adminlogs', 'jobs/1/out'))).toBe('allowed');
  for (const client of [broker, service]) {
    expect(await codeOf(client.putObject('others', 'k', 'x'))).toBe('AccessDenied');
    expect(await codeOf(client.makeBucket('mine-now'))).toBe('AccessDenied');
    expect(await codeOf(client.removeBucket('results'))).toBe('AccessDenied');
  }
});

test('nothing is left when it stops', async () => {
  const s3 = await startMinio({ ...seams, instance, stateRoot: folder });
  expect([await ours(), journals().length]).toEqual([1, 1]);
  await s3.stop();
  expect([await ours(), journals().length]).toEqual([0, 0]);
});

test('an image that is not there is said before anything is made', async () => {
  const image = 'quay.io/minio/minio:not-there';
  await expect(startMinio({ ...seams, instance, stateRoot: folder, image })).rejects.toMatchObject({
    code: 'MINIO_IMAGE_MISSING',
    category: 'environment',
    hint: expect.stringContaining(`docker pull ${image}`) as string,
  });
  expect([await ours(), journals().length]).toEqual([0, 0]);
});

test('what a killed process left is removed by the next one', async () => {
  const script = path.join(folder, 'start.mjs');
  const at = (file: string): string => JSON.stringify(path.join(import.meta.dirname, file));
  writeFileSync(
    script,
    `import { systemSeams } from ${at('../../../core/seams.ts')};
     import { startMinio } from ${at('start-minio.ts')};
     process.stdin.resume();
     await startMinio({ ...systemSeams(), instance: ${JSON.stringify(instance)}, stateRoot: ${JSON.stringify(folder)} });
     console.log('running');`,
  );
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  expect(await sweepLeftovers(folder)).toMatchObject({ containers: 0 });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await ours()).toBe(1);
  expect(await sweepLeftovers(folder)).toMatchObject({ containers: 1, kept: [] });
  expect([await ours(), journals().length]).toEqual([0, 0]);
});
