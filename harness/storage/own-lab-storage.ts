import path from 'node:path';
import { randomHex } from '../../core/entropy.ts';
import type { StartContext } from '../testbed/start-context.ts';
import type { BucketGrant, BucketUser, LabStorage } from './lab-storage.ts';
import { BROKER_GRANTS, OPERATOR_SERVICE_GRANTS } from './lab-storage.ts';
import type { OwnObjectStorage } from './object-storage.ts';
import { adminClient } from './s3-client.ts';

const BUCKETS = { results: 'results', adminLogs: 'adminlogs' } as const;

/** The S3 in this process, with its data below the instance's folder. Stopped with the context's stack. */
export async function startEmbeddedLabStorage(context: StartContext): Promise<LabStorage> {
  const { stack, clock, entropy, native, log, folder } = context;
  const { startEmbeddedS3 } = await import('./embedded/start-embedded-s3.ts');
  const s3 = await stack.start('object storage', () =>
    startEmbeddedS3({ clock, entropy, native, log: log.of('s3'), dataDir: path.join(folder, 's3') }),
  );
  return furnish(context, s3);
}

/** MinIO in a container. Stopped with the context's stack. */
export async function startMinioLabStorage(context: StartContext): Promise<LabStorage> {
  const { stack, clock, entropy, net, log, config } = context;
  const { startMinio } = await import('./minio/start-minio.ts');
  const { stateRoot, instance, minio } = config;
  const s3 = await stack.start('object storage', () =>
    startMinio({ clock, entropy, net, log: log.of('s3'), stateRoot, instance, image: minio.image }),
  );
  return furnish(context, s3);
}

/** Buckets, and a user for each product with just what it needs. */
async function furnish({ entropy, net }: StartContext, s3: OwnObjectStorage): Promise<LabStorage> {
  const admin = await adminClient(s3, net);
  await Promise.all(Object.values(BUCKETS).map((bucket) => admin.makeBucket(bucket, s3.region)));
  const user = async (name: string, grants: readonly BucketGrant[]): Promise<BucketUser> => {
    const keys = { accessKey: `${name}-${randomHex(entropy, 4)}`, secretKey: randomHex(entropy, 20) };
    const policy = grants.map(({ bucket, actions }) => ({ actions, bucket: BUCKETS[bucket] }));
    await s3.createUser({ ...keys, policy });
    return keys;
  };
  const [broker, operatorService] = await Promise.all([
    user('job-broker', BROKER_GRANTS),
    user('operator-service', OPERATOR_SERVICE_GRANTS),
  ]);
  return { s3, admin, buckets: BUCKETS, broker, operatorService };
}
