import path from 'node:path';
import type { Client } from 'minio';
import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import { randomHex } from '../../core/entropy.ts';
import type { Native } from '../../core/native.ts';
import type { Net } from '../../core/net.ts';
import type { ResourceStack } from '../../core/resource.ts';
import type { RunningOceanChain } from '../chain/ocean-chain.ts';
import type { ResolvedTestbedConfig } from '../config/resolved-config.ts';
import type { RunningEmbeddedCluster } from '../cluster/embedded/embedded-cluster.ts';
import type { PodsApp } from '../pods-image.ts';
import type { RunningEmbeddedS3 } from '../storage/embedded/start-embedded-s3.ts';
import type { S3Action } from '../storage/embedded/users.ts';
import type { PartsLog } from './parts-log.ts';
import type { Stages } from './stages.ts';

/** What every part of the start works with. */
export interface StartContext {
  readonly config: ResolvedTestbedConfig;
  /** The instance's folder. */
  readonly folder: string;
  readonly stack: ResourceStack;
  readonly stages: Stages;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly native: Native;
  readonly log: PartsLog;
  /** The harness's own connections: it sees everything and is never killed. */
  readonly net: Net;
  /** Of a component's next instance. */
  readonly newNet: (part: string) => Net;
}

/** Those with a name and the two that outside test suites take besides. */
const ACCOUNT_COUNT = 10;

export function startChainStage(context: StartContext, addressFile: string): Promise<RunningOceanChain> {
  const { config, stages, stack, clock, native, net } = context;
  return stages.run('chain and contracts', async () => {
    const { startOceanChain } = await import('../chain/ocean-chain.ts');
    return stack.start('chain', () =>
      startOceanChain({
        clock,
        native,
        net,
        addressFile,
        chainId: config.chainId,
        // Every account costs the chain a millisecond or two of its start.
        accountCount: ACCOUNT_COUNT,
        ...(config.contractsDir === undefined ? {} : { contractsDir: config.contractsDir }),
        ...(config.blockTimeSeconds === undefined ? {} : { blockTimeSeconds: config.blockTimeSeconds }),
      }),
    );
  });
}

export interface BucketUser {
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface LabStorage {
  readonly s3: RunningEmbeddedS3;
  readonly admin: Client;
  readonly buckets: { readonly results: string; readonly adminLogs: string };
  readonly broker: BucketUser;
  readonly operatorService: BucketUser;
}

const BUCKETS = { results: 'results', adminLogs: 'adminlogs' } as const;
const WRITE: readonly S3Action[] = [
  's3:GetObject',
  's3:PutObject',
  's3:DeleteObject',
  's3:ListBucket',
  's3:GetBucketLocation',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
  's3:ListBucketMultipartUploads',
];
/** The Operator Service hands out results and removes those of deleted jobs; it writes none. */
const READ: readonly S3Action[] = ['s3:GetObject', 's3:DeleteObject', 's3:ListBucket', 's3:GetBucketLocation'];

export function startStorageStage(context: StartContext): Promise<LabStorage> {
  const { stages, stack, clock, entropy, native, log, folder, net } = context;
  return stages.run('object storage', async () => {
    const [{ startEmbeddedS3 }, minio] = await Promise.all([
      import('../storage/embedded/start-embedded-s3.ts'),
      import('minio'),
    ]);
    const s3 = await stack.start('object storage', () =>
      startEmbeddedS3({ clock, entropy, native, log: log.of('s3'), dataDir: path.join(folder, 's3') }),
    );
    const { hostname, port } = new URL(s3.endpoint);
    const { accessKey, secretKey, region } = s3;
    const admin = new minio.Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      accessKey,
      secretKey,
      region,
      pathStyle: true,
      transportAgent: net.httpAgent,
    });
    await Promise.all(Object.values(BUCKETS).map((bucket) => admin.makeBucket(bucket, region)));
    const user = (name: string, policy: Parameters<RunningEmbeddedS3['createUser']>[0]['policy']): BucketUser => {
      const keys = { accessKey: `${name}-${randomHex(entropy, 4)}`, secretKey: randomHex(entropy, 20) };
      s3.createUser({ ...keys, policy });
      return keys;
    };
    return {
      s3,
      admin,
      buckets: BUCKETS,
      broker: user('job-broker', [
        { actions: WRITE, bucket: BUCKETS.results },
        { actions: WRITE, bucket: BUCKETS.adminLogs },
      ]),
      operatorService: user('operator-service', [
        { actions: READ, bucket: BUCKETS.results },
        { actions: ['s3:ListBucket', 's3:DeleteObject', 's3:GetBucketLocation'], bucket: BUCKETS.adminLogs },
      ]),
    };
  });
}

export function startClusterStage(
  context: StartContext,
): Promise<{ readonly cluster: RunningEmbeddedCluster; readonly podsApp: PodsApp }> {
  const { config, stages, stack, clock, entropy, native, log } = context;
  return stages.run('cluster', async () => {
    const [{ startEmbeddedCluster }, { preparePodsApp }] = await Promise.all([
      import('../cluster/embedded/embedded-cluster.ts'),
      import('../pods-image.ts'),
    ]);
    const podsApp = await preparePodsApp(path.join(config.stateRoot, 'pods-app'));
    const cluster = await stack.start('cluster', () =>
      startEmbeddedCluster({
        clock,
        entropy,
        native,
        log: log.of('cluster'),
        // Shared by all testbeds of a state root: each start removes there what killed ones left behind.
        stateDir: path.join(config.stateRoot, 'cluster'),
        podsAppDir: podsApp.directory,
        images: config.images,
        ...(config.launcher === undefined ? {} : { launcher: config.launcher }),
      }),
    );
    return { cluster, podsApp };
  });
}
