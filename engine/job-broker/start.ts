import type { ListenOptions } from '../../core/http-listen.ts';
import { closeServer, hangUpOn, listen } from '../../core/http-listen.ts';
import type { RunningResource } from '../../core/resource.ts';
import { ResourceStack, runningResource } from '../../core/resource.ts';
import type { Seams } from '../../core/seams.ts';
import { WORKFLOWS } from '../api/names.ts';
import type { WorkFlow } from '../api/workflow.ts';
import { createArchive } from '../archive/archive.ts';
import type { KubeconfigSource } from '../kubernetes/client.ts';
import { createKubeClient } from '../kubernetes/client.ts';
import { SECRETS } from '../kubernetes/objects.ts';
import { startReflector } from '../kubernetes/reflector.ts';
import { buildJobBroker } from './app.ts';
import { Archiver } from './archiver.ts';
import { startExpiry } from './expiry.ts';
import { JobStages } from './job-stage.ts';
import type { AllowedProviders } from './provider-files.ts';
import { ProviderFiles } from './provider-files.ts';
import { RemoteFiles } from './remote-files.ts';
import type { SecretObject } from './stage-tokens.ts';
import { BY_TOKEN, STAGE_TOKEN_SELECTOR, StageTokens, tokenDigestsOf } from './stage-tokens.ts';

export interface StorageAccess {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly resultsBucket: string;
  readonly adminBucket: string;
}

export interface JobBrokerOptions extends KubeconfigSource {
  readonly seams: Seams;
  /** Where WorkFlows and job pods live. */
  readonly namespace: string;
  readonly storage: StorageAccess;
  readonly allowedProviders: AllowedProviders;
  /** Other Providers whose files are fetched, asked each time. Default: none. */
  readonly inputProviders?: () => AllowedProviders;
  /** Private keys of the environments' addresses: orders of other Providers' files name them as consumers. Default: none. */
  readonly environmentKeys?: readonly string[];
  readonly listen?: ListenOptions;
  /** Largest single output. Default 10 GiB. */
  readonly maxOutputBytes?: number;
}

export interface RunningJobBroker extends RunningResource {
  readonly url: string;
  readonly port: number;
}

/**
 * Starts the Job Broker: it streams inputs to pod-configure, takes outputs, logs and reports, and archives ended jobs.
 * S3 credentials live here and in no pod.
 */
export async function startJobBroker(options: JobBrokerOptions): Promise<RunningJobBroker> {
  const { seams, namespace, storage } = options;
  const stack = new ResourceStack();
  try {
    const archiveReady = createArchive({ ...storage, net: seams.net });
    archiveReady.catch(() => undefined); // awaited below, after the cluster's own failures were heard
    const client = await createKubeClient({ ...options, net: seams.net });
    stack.defer('cluster client of the job broker', () => client.close());
    const tokens = await stack.start('stage tokens', async () =>
      startReflector<SecretObject>({
        client,
        seams,
        resource: SECRETS,
        namespace,
        labelSelector: STAGE_TOKEN_SELECTOR,
        indexers: { [BY_TOKEN]: tokenDigestsOf },
      }),
    );
    const workflows = await stack.start('workflows', async () =>
      startReflector<WorkFlow>({ client, seams, resource: WORKFLOWS, namespace }),
    );
    const archive = await archiveReady;
    await Promise.all([tokens.synced, workflows.synced]);
    const archiver = new Archiver({ client, archive, workflows, seams });
    stack.defer('archiver', () => archiver.stop());
    await stack.start('expiry of results', async () => startExpiry(archive, seams));
    const remoteFiles = new RemoteFiles({
      net: seams.net,
      clock: seams.clock,
      providers: options.inputProviders ?? (() => ({})),
      keys: options.environmentKeys ?? [],
    });
    const app = buildJobBroker({
      tokens: new StageTokens(tokens, client, namespace),
      jobs: new JobStages(client, namespace),
      files: new ProviderFiles(seams.net, options.allowedProviders),
      remoteFiles,
      archive,
      client,
      namespace,
      maxOutputBytes: options.maxOutputBytes ?? 10 * 1024 ** 3,
      log: seams.log,
    });
    stack.defer('job broker', async () => {
      await closeServer(app.server);
      await app.close();
    });
    hangUpOn(seams.net.fenced, app.server);
    await app.ready();
    const { host, port } = await listen(app.server, options.listen);
    return runningResource({ url: `http://${host}:${port}`, port }, () => stack.stop());
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
