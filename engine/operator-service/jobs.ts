import { isWavetankError } from '../../core/errors.ts';
import { sameAddress } from '../../core/protocol/address.ts';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import { ANNOTATIONS, LABELS, WORKFLOWS } from '../api/names.ts';
import type { StoredResult, WorkFlow } from '../api/workflow.ts';
import type { Archive } from '../archive/archive.ts';
import { ownerDigest } from '../archive/keys.ts';
import type { JobRecord } from '../archive/record.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { isConflict, isNotFound } from '../kubernetes/kube-error.ts';
import type { Reflector } from '../kubernetes/reflector.ts';
import { viewOfRecord, viewOfWorkflow } from './job-view.ts';
import { OperatorRefusal } from './refusal.ts';

/** Which jobs are meant: all that is given must fit (`agreementId` with or without 0x). Always within one Provider's own. */
export interface JobSelector {
  readonly provider: string;
  readonly jobId?: string | undefined;
  readonly owner?: string | undefined;
  readonly agreementId?: string | undefined;
  readonly chainId?: number | undefined;
}

/** Which of the archived jobs are listed; those in the cluster stand on the first page. */
export interface Page {
  readonly offset: number;
  /** 1 to 200. */
  readonly limit: number;
}

export interface JobPage {
  /** Newest first. */
  readonly jobs: readonly ComputeJob[];
  /** Where the next page begins; undefined on the last. */
  readonly nextOffset: number | undefined;
}

export const BY_OWNER = 'owner';
export const ownersOf = (workflow: WorkFlow): readonly string[] => [workflow.metadata.labels?.[LABELS.owner] ?? ''];

/** Most archived jobs of one page. */
export const MAX_PAGE = 200;
const FIRST_PAGE: Page = { offset: 0, limit: MAX_PAGE };
const MAX_CACHED_RECORDS = 1000;

export interface JobsOptions {
  readonly client: KubeClient;
  readonly archive: Archive;
  readonly workflows: Reflector<WorkFlow>;
  readonly namespace: string;
}

/** Live jobs from the informer's cache, ended ones from the archive. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #known = new Map<string, JobRecord>();

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** The first page, each job whole. */
  async find(selector: JobSelector): Promise<readonly ComputeJob[]> {
    return (await this.#page(selector, FIRST_PAGE, (workflow) => this.#viewOf(workflow))).jobs;
  }

  /** In a list of an owner's jobs, one whose results cannot be read is told without them. */
  page(selector: JobSelector, page: Page): Promise<JobPage> {
    const isList = selector.jobId === undefined && selector.agreementId === undefined;
    return this.#page(selector, page, (workflow) => (isList ? this.#viewInList(workflow) : this.#viewOf(workflow)));
  }

  async #page(
    selector: JobSelector,
    page: Page,
    viewOf: (workflow: WorkFlow) => Promise<ComputeJob>,
  ): Promise<JobPage> {
    const live = this.live(selector);
    const shown = page.offset === 0 ? await Promise.all(live.map(viewOf)) : [];
    const ids = await this.#archivedIds(selector, new Set(live.map((workflow) => workflow.spec.jobId)));
    const end = page.offset + page.limit;
    const records = await this.#records(ids.slice(page.offset, end), selector);
    const jobs = [...shown, ...records.map(viewOfRecord)];
    return {
      jobs: jobs.toSorted((a, b) => Number(b.dateCreated) - Number(a.dateCreated)),
      nextOffset: end < ids.length ? end : undefined,
    };
  }

  live(selector: JobSelector): WorkFlow[] {
    return this.#inCluster(selector).filter((workflow) => !isDeleteRequested(workflow));
  }

  /** Every unfinished job of one Provider. */
  running(provider: string): ComputeJob[] {
    return this.live({ provider })
      .filter((workflow) => workflow.status?.finishedAt === undefined)
      .map(viewOfWorkflow);
  }

  /** Asks for the end of each; what has ended stays as it is. */
  async stop(selector: JobSelector): Promise<readonly ComputeJob[]> {
    const unfinished = this.live(selector).filter((workflow) => workflow.status?.finishedAt === undefined);
    await Promise.all(unfinished.map((workflow) => this.#patch(workflow, { spec: { stopRequested: true } })));
    return this.find(selector);
  }

  /** Stops what runs, and removes results and records: of what has ended at once, of the rest when it ends. */
  async remove(selector: JobSelector): Promise<void> {
    const { archive, client, namespace } = this.#options;
    // Deleted ones included: an earlier request may have been cut off half-way.
    const present = this.#inCluster(selector);
    await Promise.all(
      present.map(async (workflow) => {
        const isEnded = workflow.status?.finishedAt !== undefined;
        const metadata = { annotations: { [ANNOTATIONS.deleteRequested]: 'true' } };
        const now = await this.#patch(workflow, { metadata, ...(isEnded ? {} : { spec: { stopRequested: true } }) });
        // A WorkFlow that is gone was archived.
        const isArchived = now === undefined || now.status?.archived === true;
        const { jobId, owner } = workflow.spec;
        if (isEnded || isArchived) await archive.removeJob(jobId, owner);
        this.#known.delete(jobId);
        // The archiver sees the annotation, and removes what there is when the last pod is gone.
        if (!isArchived) return;
        await ignoreGone(
          client.delete(WORKFLOWS, { namespace, name: workflow.metadata.name }, { uid: workflow.metadata.uid }),
        );
      }),
    );
    const known = new Set(present.map((workflow) => workflow.spec.jobId));
    const ids = await this.#archivedIds(selector, known);
    for (let start = 0; start < ids.length; start += MAX_PAGE) {
      for (const { jobId, owner } of await this.#records(ids.slice(start, start + MAX_PAGE), selector)) {
        await archive.removeJob(jobId, owner);
        this.#known.delete(jobId);
      }
    }
  }

  /**
   * One result of a job, by its index.
   * @throws OperatorRefusal JOB_NOT_FOUND (also for another's job: who asks learns nothing), NO_RESULTS, NO_SUCH_RESULT
   */
  async result(provider: string, owner: string, jobId: string, index: number): Promise<StoredResult> {
    const selector = { provider, owner, jobId };
    const [workflow] = this.live(selector);
    const [record] = workflow ? [] : await this.#records(await this.#archivedIds(selector, new Set()), selector);
    if (!workflow && !record) throw new OperatorRefusal(404, 'JOB_NOT_FOUND', 'No such jobId for this owner', 'jobId');
    const results = workflow ? await this.#resultsOf(workflow) : (record?.results ?? []);
    if (results.length === 0) throw new OperatorRefusal(404, 'NO_RESULTS', 'No results for this job', 'jobId');
    const result = results.find((one) => one.index === index);
    if (!result) throw new OperatorRefusal(404, 'NO_SUCH_RESULT', 'No such index in this compute job', 'index');
    return result;
  }

  async #viewOf(workflow: WorkFlow): Promise<ComputeJob> {
    if (!hasMoreResults(workflow)) return viewOfWorkflow(workflow);
    const results = [...(await this.#resultsOf(workflow))];
    return viewOfWorkflow({ ...workflow, ...(workflow.status ? { status: { ...workflow.status, results } } : {}) });
  }

  /** It must not hide the others, and not look like a job without results. */
  async #viewInList(workflow: WorkFlow): Promise<ComputeJob> {
    try {
      return await this.#viewOf(workflow);
    } catch (error) {
      if (!isWavetankError(error, 'ARCHIVE_FAILED')) throw error;
      const view = viewOfWorkflow(workflow);
      return { ...view, details: { ...view.details, resultsUnavailable: true } };
    }
  }

  async #resultsOf(workflow: WorkFlow): Promise<readonly StoredResult[]> {
    if (!hasMoreResults(workflow)) return workflow.status?.results ?? [];
    return (await this.#options.archive.getResults(workflow.spec.jobId)) ?? [];
  }

  #inCluster(selector: JobSelector): WorkFlow[] {
    const { cache } = this.#options.workflows;
    const candidates =
      selector.owner === undefined ? cache.list() : cache.byIndex(BY_OWNER, ownerDigest(selector.owner));
    return candidates.filter((workflow) => isMeant(workflow.spec, selector));
  }

  /** Of jobs that may be meant and are in the archive alone, in an order that stays. */
  async #archivedIds(selector: JobSelector, known: ReadonlySet<string>): Promise<readonly string[]> {
    if (selector.jobId === undefined && selector.owner === undefined) return [];
    const ids =
      selector.jobId === undefined ? await this.#options.archive.jobsOf(selector.owner ?? '') : [selector.jobId];
    return ids.filter((id) => !known.has(id) && !this.#isInCluster(id));
  }

  async #records(ids: readonly string[], selector: JobSelector): Promise<JobRecord[]> {
    const records = await Promise.all(ids.map((id) => this.#record(id)));
    return records.filter((record) => record !== undefined).filter((record) => isMeant(record, selector));
  }

  /** A live WorkFlow hides its record: it may be another's, or deleted. */
  #isInCluster(jobId: string): boolean {
    return this.#options.workflows.cache.get(`${this.#options.namespace}/job-${jobId}`) !== undefined;
  }

  async #record(jobId: string): Promise<JobRecord | undefined> {
    const known = this.#known.get(jobId);
    if (known) return known;
    const record = await this.#options.archive.getRecord(jobId);
    if (record) this.#known.set(jobId, record);
    if (this.#known.size > MAX_CACHED_RECORDS) this.#known.delete(this.#known.keys().next().value ?? '');
    return record;
  }

  /** The WorkFlow as it is then; undefined when it is gone. */
  async #patch(workflow: WorkFlow, patch: object): Promise<WorkFlow | undefined> {
    const { client, namespace, workflows } = this.#options;
    const ref = { namespace, name: workflow.metadata.name };
    try {
      const patched = await client.mergePatch<WorkFlow>(WORKFLOWS, ref, patch);
      workflows.cache.put(patched);
      return patched;
    } catch (error) {
      // A conflict is none of a job that is gone: who asks has to ask again.
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

function hasMoreResults({ status }: WorkFlow): boolean {
  return status?.reports?.publish?.ok === true && (status.results ?? []).length === 0;
}

function isDeleteRequested({ metadata }: WorkFlow): boolean {
  return metadata.annotations?.[ANNOTATIONS.deleteRequested] === 'true';
}

interface Identified {
  readonly jobId: string;
  readonly owner: string;
  readonly provider: string;
  readonly agreementId: string;
  readonly chainId: number;
}

function isMeant(job: Identified, selector: JobSelector): boolean {
  return (
    sameAddress(job.provider, selector.provider) &&
    (selector.jobId === undefined || job.jobId === selector.jobId) &&
    (selector.owner === undefined || sameAddress(job.owner, selector.owner)) &&
    (selector.chainId === undefined || job.chainId === selector.chainId) &&
    (selector.agreementId === undefined || bare(job.agreementId) === bare(selector.agreementId))
  );
}

function bare(hash: string): string {
  return hash.toLowerCase().replace(/^0x/, '');
}

async function ignoreGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return undefined;
    throw error;
  }
}
