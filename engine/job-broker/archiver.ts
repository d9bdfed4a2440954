import { messageOf } from '../../core/errors.ts';
import type { Seams } from '../../core/seams.ts';
import { ANNOTATIONS, COMPUTE_ENVIRONMENTS, WORKFLOWS } from '../api/names.ts';
import type { ComputeEnvironment, StoredResult, WorkFlow } from '../api/workflow.ts';
import type { Archive } from '../archive/archive.ts';
import { recordOf } from '../archive/record.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { isConflict, isNotFound } from '../kubernetes/kube-error.ts';
import { keyOf } from '../kubernetes/objects.ts';
import type { Reflector } from '../kubernetes/reflector.ts';

export interface ArchiverOptions {
  readonly client: KubeClient;
  readonly archive: Archive;
  readonly workflows: Reflector<WorkFlow>;
  readonly seams: Pick<Seams, 'clock' | 'log'>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Puts the record of every ended job that the engine has cleaned up after into the archive and says so in its status; only then may
 * the engine let the WorkFlow go. Until then the WorkFlow itself tells of the job.
 * A job that its owner deleted leaves no record: what lies of it in the archive is removed instead.
 */
export class Archiver {
  readonly #options: ArchiverOptions;
  readonly #busy = new Set<string>();
  #isStopped = false;

  constructor(options: ArchiverOptions) {
    this.#options = options;
    options.workflows.cache.onChange((_key, workflow) => workflow && this.#notice(workflow));
    for (const workflow of options.workflows.cache.list()) this.#notice(workflow);
  }

  stop(): void {
    this.#isStopped = true;
  }

  #notice(workflow: WorkFlow): void {
    const key = keyOf(workflow);
    if (this.#isStopped || !isDue(workflow) || this.#busy.has(key)) return;
    this.#busy.add(key);
    void this.#archive(key, FIRST_PAUSE_MS);
  }

  async #archive(key: string, pauseMs: number): Promise<void> {
    const workflow = this.#options.workflows.cache.get(key);
    if (this.#isStopped || !workflow || !isDue(workflow)) return void this.#busy.delete(key);
    try {
      await this.#store(workflow);
      this.#busy.delete(key);
    } catch (error) {
      const { clock, log } = this.#options.seams;
      log.warn('a job could not be archived yet', { jobId: workflow.spec.jobId, reason: messageOf(error) });
      clock.after(pauseMs, () => void this.#archive(key, Math.min(pauseMs * 2, LONGEST_PAUSE_MS)));
    }
  }

  async #store(workflow: WorkFlow): Promise<void> {
    let current: WorkFlow | undefined = workflow;
    while (current !== undefined) current = await this.#storeAs(current);
  }

  /**
   * Decides on the WorkFlow as it was read. What it has become when it changed meanwhile: its owner may have deleted it, and
   * leaves it to us to remove what there is, so that everything is decided anew.
   */
  async #storeAs(workflow: WorkFlow): Promise<WorkFlow | undefined> {
    const { archive, client } = this.#options;
    const { jobId, owner } = workflow.spec;
    const isArchived = workflow.status?.archived === true;
    // Also when another archiver was quicker: ours may be the record that came last.
    if (isDeleted(workflow)) await archive.removeJob(jobId, owner);
    else if (!isArchived)
      await archive.putRecord(recordOf(workflow, await this.#resultsOf(workflow), await this.#expiryOf(workflow)));
    if (isArchived) return undefined;
    const { namespace, name, uid, resourceVersion } = workflow.metadata;
    try {
      const patch = { metadata: { uid, resourceVersion }, status: { archived: true } };
      await client.mergePatch<WorkFlow>(WORKFLOWS, { namespace, name }, patch, { subresource: 'status' });
      return undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!isConflict(error)) throw error;
      const fresh = await client.find<WorkFlow>(WORKFLOWS, { namespace, name });
      return fresh?.metadata.uid === uid ? fresh : undefined;
    }
  }

  /** The archive's list is whole where the status has none or only the first results. */
  async #resultsOf({ spec, status }: WorkFlow): Promise<readonly StoredResult[]> {
    if (!status?.reports?.publish?.ok) return [];
    return (await this.#options.archive.getResults(spec.jobId)) ?? [];
  }

  async #expiryOf({ metadata, spec, status }: WorkFlow): Promise<number> {
    const ref = { namespace: metadata.namespace, name: spec.environment };
    const environment = await this.#options.client.find<ComputeEnvironment>(COMPUTE_ENVIRONMENTS, ref);
    const seconds = environment?.spec.storageExpirySeconds ?? 0;
    return seconds > 0 ? Date.parse(status?.finishedAt ?? '') + seconds * 1000 : 0;
  }
}

/** Not before its pods are gone: pod-publish may outlive the end for as long as its grace lasts, and store what no record would name. */
function isDue({ status }: WorkFlow): boolean {
  return status?.finishedAt !== undefined && status.cleanedAt !== undefined && status.archived !== true;
}

export function isDeleted({ metadata }: WorkFlow): boolean {
  return metadata.annotations?.[ANNOTATIONS.deleteRequested] === 'true';
}
