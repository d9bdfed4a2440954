import path from 'node:path';
import { randomHex } from '../../core/entropy.ts';
import type { StartContext } from '../testbed/start-context.ts';
import { startEmbeddedS3 } from './embedded/start-embedded-s3.ts';
import type { BucketGrant, BucketUser, LabStorage } from './lab-storage.ts';
import { BROKER_GRANTS, OPERATOR_SERVICE_GRANTS } from './lab-storage.ts';
import { adminClient } from './s3-client.ts';

const BUCKETS = { results: 'results', adminLogs: 'adminlogs' } as const;

/** The S3 in this process, with its data below the instance's folder. Stopped with the context's stack. */
export async function startEmbeddedLabStorage(context: StartContext): Promise<LabStorage> {
  const { stack, clock, entropy, native, log, folder, net } = context;
  const s3 = await stack.start('object storage', () =>
    startEmbeddedS3({ clock, entropy, native, log: log.of('s3'), dataDir: path.join(folder, 's3') }),
  );
  const admin = await adminClient(s3, net);
  await Promise.all(Object.values(BUCKETS).map((bucket) => admin.makeBucket(bucket, s3.region)));
  const user = (name: string, grants: readonly BucketGrant[]): BucketUser => {
    const keys = { accessKey: `${name}-${randomHex(entropy, 4)}`, secretKey: randomHex(entropy, 20) };
    s3.createUser({ ...keys, policy: grants.map(({ bucket, actions }) => ({ actions, bucket: BUCKETS[bucket] })) });
    return keys;
  };
  return {
    s3,
    admin,
    buckets: BUCKETS,
    broker: user('job-broker', BROKER_GRANTS),
    operatorService: user('operator-service', OPERATOR_SERVICE_GRANTS),
  };
}
