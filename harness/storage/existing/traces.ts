import type { Client } from 'minio';
import { WavetankError } from '../../../core/errors.ts';
import { createNet } from '../../../core/net.ts';
import type { S3Keys } from './s3-account.ts';
import { reasonOf } from './s3-account.ts';
import { adminClient } from '../s3-client.ts';

/** All that a testbed makes in somebody else's S3. Nothing beside it is ever removed. */
export interface ExistingTraces {
  readonly endpoint: string;
  readonly region: string;
  /** Buckets that it made, under names that nobody else has. They go with all that is in them. */
  readonly madeBuckets: readonly string[];
  /** Where it lives in a bucket that was there before. */
  readonly prefix?: { readonly bucket: string; readonly keyPrefix: string };
}

export interface RemovedTraces {
  readonly buckets: number;
  readonly objects: number;
}

/** @throws WavetankError S3_KEYS_MISSING, S3_NOT_REMOVED (environment) */
export async function removeTraces(traces: ExistingTraces, keys: S3Keys | undefined): Promise<RemovedTraces> {
  if (!keys) {
    throw new WavetankError('S3_KEYS_MISSING', `What lies in ${traces.endpoint} can only be removed with its keys.`, {
      category: 'environment',
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY and run `wavetank down` again.',
    });
  }
  const net = createNet();
  try {
    const client = await adminClient({ ...traces, accessKey: keys.accessKey, secretKey: keys.secretKey }, net);
    return await removeAll(client, traces);
  } catch (error) {
    throw new WavetankError(
      'S3_NOT_REMOVED',
      `Not everything could be removed from ${traces.endpoint}: ${reasonOf(error)}.`,
      {
        category: 'environment',
        hint: 'Run `wavetank down` again with keys that may delete there.',
        cause: error,
      },
    );
  } finally {
    await net.close();
  }
}

async function removeAll(client: Client, { madeBuckets, prefix }: ExistingTraces): Promise<RemovedTraces> {
  let objects = 0;
  let buckets = 0;
  if (prefix) objects += await removeBelow(client, prefix.bucket, prefix.keyPrefix);
  for (const bucket of madeBuckets) {
    if (!(await client.bucketExists(bucket))) continue;
    objects += await removeBelow(client, bucket, '');
    await client.removeBucket(bucket);
    buckets++;
  }
  return { buckets, objects };
}

/** Objects and uploads that nobody finished: those cost money and show in no listing. One by one, since not every service takes lists. */
async function removeBelow(client: Client, bucket: string, keyPrefix: string): Promise<number> {
  let removed = 0;
  const listed = client.listObjectsV2(bucket, keyPrefix, true) as AsyncIterable<{ readonly name?: string }>;
  for await (const { name } of listed) {
    if (name === undefined || !name.startsWith(keyPrefix)) continue;
    await client.removeObject(bucket, name);
    removed++;
  }
  const uploads = client.listIncompleteUploads(bucket, keyPrefix, true) as AsyncIterable<{ readonly key?: string }>;
  for await (const { key } of uploads) {
    if (key?.startsWith(keyPrefix)) await client.removeIncompleteUpload(bucket, key);
  }
  return removed;
}
