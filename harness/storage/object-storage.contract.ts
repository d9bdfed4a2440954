import { Client } from 'minio';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { randomHex, systemEntropy } from '../../core/entropy.ts';
import { assert } from '../../core/errors.ts';
import { describeAccessRefusals } from './contract/access-refusals.contract.ts';
import { describeAwsSdk } from './contract/aws-sdk.contract.ts';
import { describeListings } from './contract/listings.contract.ts';
import { describeMinioClient } from './contract/minio-client.contract.ts';
import { describeMultipart } from './contract/multipart.contract.ts';
import { describeObjects } from './contract/objects.contract.ts';
import { describeStreamedBodies } from './contract/streamed-bodies.contract.ts';
import { describeWholeDocuments } from './contract/whole-documents.contract.ts';
import type { ContractSubject, ObjectStorageCapabilities } from './contract/subject.ts';
import type { RunningObjectStorage } from './object-storage.ts';

/** Runs the whole contract against one backend. `start` gives a service that the suite stops again. */
export function describeObjectStorage(
  backend: string,
  options: {
    readonly start: () => Promise<RunningObjectStorage>;
    readonly capabilities: ObjectStorageCapabilities;
    /** Why this machine cannot run it; every test is then skipped with this reason. */
    readonly unavailable?: string | undefined;
  },
): void {
  describe(`object storage: ${backend}`, () => {
    let running: RunningObjectStorage | undefined;
    let client: Client | undefined;
    const buckets: string[] = [];
    const storage = (): RunningObjectStorage => present(running);
    const minio = (): Client => present(client);
    beforeEach(({ skip }) => {
      if (options.unavailable !== undefined) skip(options.unavailable);
    });
    beforeAll(async () => {
      if (options.unavailable !== undefined) return;
      running = await options.start();
      client = minioClient(running);
    });
    afterAll(async () => {
      for (const bucket of buckets) await emptyAndRemove(minio(), bucket);
      await running?.stop();
    });
    const freshBucket = async (): Promise<string> => {
      const bucket = `contract-${randomHex(systemEntropy, 6)}`;
      buckets.push(bucket);
      await minio().makeBucket(bucket);
      return bucket;
    };
    const subject: ContractSubject = { storage, capabilities: options.capabilities, minio, freshBucket };
    describeMinioClient(subject);
    describeAwsSdk(subject);
    describeObjects(subject);
    describeListings(subject);
    describeMultipart(subject);
    describeStreamedBodies(subject);
    describeAccessRefusals(subject);
    describeWholeDocuments(subject);
  });
}

export function minioClient(storage: RunningObjectStorage): Client {
  const { hostname, port } = new URL(storage.endpoint);
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: storage.accessKey,
    secretKey: storage.secretKey,
    region: storage.region,
  });
}

function present<T>(value: T | undefined): T {
  assert(value !== undefined, 'the service has started');
  return value;
}

async function emptyAndRemove(minio: Client, bucket: string): Promise<void> {
  if (!(await minio.bucketExists(bucket))) return;
  // One by one: the client cannot write every key that we try into the XML of a multi-delete.
  for await (const item of minio.listObjectsV2(bucket, '', true))
    await minio.removeObject(bucket, (item as { name: string }).name);
  await minio.removeBucket(bucket);
}
