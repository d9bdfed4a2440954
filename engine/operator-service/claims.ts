import type { Clock } from '../../core/clock.ts';
import { sha256Hex } from '../../core/protocol/hashing.ts';
import { LABELS, MANAGED_BY, objectNames, WORKFLOWS } from '../api/names.ts';
import type { WorkFlow } from '../api/workflow.ts';
import type { Archive } from '../archive/archive.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kubernetes/kube-error.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { OwnerReference } from '../kubernetes/objects.ts';
import { apiVersionOf, CONFIG_MAPS } from '../kubernetes/objects.ts';
import { OperatorRefusal } from './refusal.ts';

interface Claim extends KubeObject {
  /** `takenAt`: when it last changed hands. */
  data?: { jobId?: string; takenAt?: string };
}

interface Agreement {
  readonly chainId: number;
  readonly agreementId: string;
  readonly jobId: string;
}

/** What a start holds from `take` on. What it makes before its WorkFlow is owned by the claim, and goes with it. */
export interface TakenClaim {
  readonly owner: OwnerReference;
  readonly takenAt: number;
}

/** An older claim without a WorkFlow was left by a crash. */
const UNFINISHED_START_MS = 30_000;

/** So long may a start take between its claim and its WorkFlow. The rest of the time is for that WorkFlow to arrive, and for clocks that differ. */
const LONGEST_START_MS = 20_000;

/** "One running job per agreement" as an object whose name only one creator can take. */
export class Claims {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #clock: Clock;
  readonly #archive: Pick<Archive, 'getRecord'>;
  /** How many starts of a job are under way here. */
  readonly #underWay = new Map<string, number>();

  constructor(client: KubeClient, namespace: string, clock: Clock, archive: Pick<Archive, 'getRecord'>) {
    this.#client = client;
    this.#namespace = namespace;
    this.#clock = clock;
    this.#archive = archive;
  }

  /** To be called with all of a start, from before it looks for its job: until it ends there may be a job of this id any moment. */
  async during<T>(jobId: string, start: () => Promise<T>): Promise<T> {
    const count = (change: number): void => {
      const left = (this.#underWay.get(jobId) ?? 0) + change;
      if (left > 0) this.#underWay.set(jobId, left);
      else this.#underWay.delete(jobId);
    };
    count(+1);
    try {
      return await start();
    } finally {
      count(-1);
    }
  }

  /** Whether a start of this job may still come to a WorkFlow: it is under way, or was cut off and has not had its time. */
  async isUnfinished(jobId: string): Promise<boolean> {
    if (this.#underWay.has(jobId)) return true;
    // Whoever asks may ask for anything; a claim has the id in a label.
    if (!/^[0-9a-z]{1,63}$/i.test(jobId)) return false;
    const claims = await this.#list(`${LABELS.job}=${jobId}`);
    return claims.some((claim) => this.#leftToFinish(claim) > 0);
  }

  /** @throws OperatorRefusal AGREEMENT_IN_USE while another job of the agreement runs */
  async take(agreement: Agreement): Promise<TakenClaim> {
    const takenAt = this.#clock.now();
    try {
      const claim = await this.#client.create<Claim>(CONFIG_MAPS, {
        metadata: {
          name: claimName(agreement),
          namespace: this.#namespace,
          labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.job]: agreement.jobId },
        },
        data: dataOf(agreement, takenAt),
      });
      return { owner: ownerReferenceTo(claim), takenAt };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      return this.#takeOver(agreement);
    }
  }

  /**
   * To be asked right before the WorkFlow is made: a claim that is too old may be taken over, and its inputs be gone, by then.
   * @throws OperatorRefusal START_TOO_SLOW
   */
  assertInTime({ takenAt }: TakenClaim): void {
    if (this.#clock.now() - takenAt < LONGEST_START_MS) return;
    throw new OperatorRefusal(503, 'START_TOO_SLOW', 'The cluster took too long to store the job.');
  }

  /** Gives the agreement free, if it is still this job that holds it. */
  async release(agreement: Agreement): Promise<void> {
    const ref = { namespace: this.#namespace, name: claimName(agreement) };
    const claim = await this.#client.find<Claim>(CONFIG_MAPS, ref);
    if (claim?.data?.jobId !== agreement.jobId) return;
    await this.#remove(claim);
  }

  /**
   * Removes the claims of starts that never came to a WorkFlow, and of jobs that ended and went while nobody was there to
   * give them free; the Secrets with their inputs go with them.
   * Returns in how many milliseconds to look again; undefined when nothing unfinished is left.
   */
  async removeAbandoned(): Promise<number | undefined> {
    let lookAgainMs: number | undefined;
    for (const claim of await this.#list(LABELS.job)) {
      const { jobId } = claim.data ?? {};
      if (jobId === undefined || (await this.#holderOf(jobId))) continue;
      const leftMs = await this.#leftToHold(claim);
      if (leftMs > 0) lookAgainMs = Math.min(lookAgainMs ?? leftMs, leftMs);
      else await this.#remove(claim);
    }
    return lookAgainMs;
  }

  async #list(ofJobs: string): Promise<readonly Claim[]> {
    const labelSelector = `${LABELS.managedBy}=${MANAGED_BY},${ofJobs}`;
    return (await this.#client.list<Claim>(CONFIG_MAPS, { namespace: this.#namespace, labelSelector })).items;
  }

  async #takeOver(agreement: Agreement): Promise<TakenClaim> {
    const ref = { namespace: this.#namespace, name: claimName(agreement) };
    const claim = await this.#client.find<Claim>(CONFIG_MAPS, ref);
    if (!claim) return this.take(agreement);
    if (claim.data?.jobId === agreement.jobId) return this.#renew(claim, agreement);
    // Removed and not changed: what the earlier start has left goes with its claim. Who loses the race finds a younger one.
    if ((await this.#isHeld(claim)) || !(await this.#remove(claim))) throw inUse();
    return this.take(agreement);
  }

  /** Our own claim changes only when it is removed as abandoned, or taken by the same request a second time. */
  async #renew(claim: Claim, agreement: Agreement): Promise<TakenClaim> {
    const takenAt = this.#clock.now();
    try {
      await this.#client.update<Claim>(CONFIG_MAPS, { ...claim, data: dataOf(agreement, takenAt) });
      return { owner: ownerReferenceTo(claim), takenAt };
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
      return this.take(agreement);
    }
  }

  async #isHeld(claim: Claim): Promise<boolean> {
    const holder = await this.#holderOf(claim.data?.jobId ?? '');
    return holder ? holder.status?.finishedAt === undefined : (await this.#leftToHold(claim)) > 0;
  }

  /** Of a claim without a WorkFlow. One whose job is on record has had it: only a start that was cut off has its time. */
  async #leftToHold(claim: Claim): Promise<number> {
    const leftMs = this.#leftToFinish(claim);
    const isOver = leftMs <= 0 || (await this.#archive.getRecord(claim.data?.jobId ?? '')) !== undefined;
    return isOver ? 0 : leftMs;
  }

  /** Whether it was removed: only while nobody has taken it up again, which changes it. */
  async #remove({ metadata }: Claim): Promise<boolean> {
    const { name, namespace, uid, resourceVersion } = metadata;
    try {
      const preconditions = { uid, ...(resourceVersion ? { resourceVersion } : {}) };
      await this.#client.delete(CONFIG_MAPS, { name, namespace }, preconditions);
      return true;
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return false;
      throw error;
    }
  }

  #holderOf(jobId: string): Promise<WorkFlow | undefined> {
    const ref = { namespace: this.#namespace, name: objectNames.workflow(jobId) };
    return this.#client.find<WorkFlow>(WORKFLOWS, ref);
  }

  #leftToFinish({ metadata, data }: Claim): number {
    const takenAt = Date.parse(data?.takenAt ?? metadata.creationTimestamp ?? '');
    return takenAt + UNFINISHED_START_MS - this.#clock.now();
  }
}

function dataOf({ jobId }: Agreement, takenAt: number): NonNullable<Claim['data']> {
  return { jobId, takenAt: new Date(takenAt).toISOString() };
}

function ownerReferenceTo({ metadata: { name, uid = '' } }: Claim): OwnerReference {
  return { apiVersion: apiVersionOf(CONFIG_MAPS), kind: CONFIG_MAPS.kind, name, uid };
}

function claimName({ chainId, agreementId }: Agreement): string {
  return objectNames.claim(chainId, sha256Hex(agreementId.toLowerCase()).slice(0, 40));
}

function inUse(): OperatorRefusal {
  return new OperatorRefusal(400, 'AGREEMENT_IN_USE', '`agreementId` already in use for other job.', 'agreementId');
}
