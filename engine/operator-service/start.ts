import { closeServer, hangUpOn, listen } from '../../core/http-listen.ts';
import { messageOf } from '../../core/errors.ts';
import type { AnswerObserver } from '../../core/observed-answer.ts';
import { checksumAddress } from '../../core/protocol/address.ts';
import type { RunningResource } from '../../core/resource.ts';
import { ResourceStack, runningResource } from '../../core/resource.ts';
import type { Seams } from '../../core/seams.ts';
import { COMPUTE_ENVIRONMENTS, WORKFLOWS } from '../api/names.ts';
import type { ComputeEnvironment, WorkFlow } from '../api/workflow.ts';
import type { ArchiveOptions } from '../archive/archive.ts';
import { createArchive } from '../archive/archive.ts';
import type { KubeconfigSource } from '../kubernetes/client.ts';
import { createKubeClient } from '../kubernetes/client.ts';
import { LEASES } from '../kubernetes/objects.ts';
import type { Reflector } from '../kubernetes/reflector.ts';
import { startReflector } from '../kubernetes/reflector.ts';
import { removeAbandonedStarts } from './abandoned-starts.ts';
import { buildOperatorService } from './app.ts';
import { Claims } from './claims.ts';
import type { LeaseObject } from './environments.ts';
import { JobEvents } from './job-events.ts';
import { BY_OWNER, Jobs, ownersOf } from './jobs.ts';
import { ProviderAuth } from './provider-auth.ts';

export interface OperatorServiceOptions extends KubeconfigSource {
  readonly seams: Seams;
  readonly namespace: string;
  /** Reading and deleting in the results bucket is all that it needs. */
  readonly storage: Omit<ArchiveOptions, 'net'>;
  /** Addresses of the Providers that this operator works for. */
  readonly allowedProviders: readonly string[];
  /** Addresses of other Providers whose files its broker fetches. Default: none. */
  readonly inputProviders?: readonly string[];
  /** Told of every answer, for tests and recordings. */
  readonly onAnswer?: AnswerObserver;
  readonly listen?: { readonly host?: string; readonly port?: number };
}

export interface RunningOperatorService extends RunningResource {
  readonly url: string;
  readonly port: number;
}

/** Starts the Operator Service. It has no database: live jobs are WorkFlows in the cluster, ended ones lie in the archive. */
export async function startOperatorService(options: OperatorServiceOptions): Promise<RunningOperatorService> {
  const { seams, namespace, storage } = options;
  const stack = new ResourceStack();
  try {
    const archiveReady = createArchive({ ...storage, net: seams.net });
    archiveReady.catch(() => undefined); // awaited below, after the cluster's own failures were heard
    const client = await createKubeClient({ ...options, net: seams.net });
    stack.defer('cluster client of the operator service', () => client.close());
    const watched = { client, seams, namespace };
    const [workflows, environments, leases] = await Promise.all([
      stack.start('workflows', async () =>
        startReflector<WorkFlow>({ ...watched, resource: WORKFLOWS, indexers: { [BY_OWNER]: ownersOf } }),
      ),
      stack.start('environments', async () =>
        startReflector<ComputeEnvironment>({ ...watched, resource: COMPUTE_ENVIRONMENTS }),
      ),
      stack.start('leases', async () => startReflector<LeaseObject>({ ...watched, resource: LEASES })),
    ]);
    const archive = await archiveReady;
    await Promise.all([workflows.synced, environments.synced, leases.synced]);

    const claims = new Claims(client, namespace, seams.clock, archive);
    releaseClaimsOfEndedJobs(workflows, claims, seams);
    const abandoned = removeAbandonedStarts(claims, seams);
    stack.defer('abandoned starts', () => abandoned.stop());
    const jobs = new Jobs({ client, archive, workflows, namespace });
    const events = new JobEvents(jobs, workflows, seams.clock);
    const app = buildOperatorService({
      auth: new ProviderAuth(options.allowedProviders, seams.clock),
      jobs,
      events,
      archive,
      client,
      claims,
      abandoned,
      workflows,
      namespace,
      environments: {
        environments,
        leases,
        workflows,
        clock: seams.clock,
        namespace,
        inputProviders: (options.inputProviders ?? []).map(checksumAddress),
      },
      log: seams.log,
      onAnswer: options.onAnswer,
    });
    stack.defer('operator service', async () => {
      events.stop();
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

/** A claim that stays behind does no harm, since the next start of its agreement sees that its job has ended; it only should not stay. */
function releaseClaimsOfEndedJobs(workflows: Reflector<WorkFlow>, claims: Claims, { log }: Seams): void {
  const notice = (workflow: WorkFlow, previous?: WorkFlow): void => {
    if (workflow.status?.finishedAt === undefined || previous?.status?.finishedAt !== undefined) return;
    claims
      .release(workflow.spec)
      .catch((error: unknown) =>
        log.warn('a claim stays behind', { jobId: workflow.spec.jobId, reason: messageOf(error) }),
      );
  };
  workflows.cache.onChange((_key, workflow, previous) => workflow && notice(workflow, previous));
  for (const workflow of workflows.cache.list()) notice(workflow);
}
