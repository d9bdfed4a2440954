import type { Clock } from '../../core/clock.ts';
import { sha256Hex } from '../../core/protocol/hashing.ts';
import { LABELS, MANAGED_BY, objectNames, WORKFLOWS } from '../api/names.ts';
import type { WorkFlow } from '../api/workflow.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kubernetes/kube-error.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { CONFIG_MAPS, SECRETS } from '../kubernetes/objects.ts';
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

/** So long may a start take between its claim and its WorkFlow; an older claim without one was left by a crash. */
const UNFINISHED_START_MS = 30_000;

/** "One running job per agreement" as an object whose name only one creator can take. */
export class Claims {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #clock: Clock;

  constructor(client: KubeClient, namespace: string, clock: Clock) {
    this.#client = client;
    this.#namespace = namespace;
    this.#clock = clock;
  }

  /** @throws OperatorRefusal AGREEMENT_IN_USE while another job of the agreement runs */
  async take(agreement: Agreement): Promise<void> {
    try {
      await this.#client.create<Claim>(CONFIG_MAPS, {
        metadata: {
          name: claimName(agreement),
          namespace: this.#namespace,
          labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.job]: agreement.jobId },
        },
        data: { jobId: agreement.jobId, takenAt: this.#now() },
      });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await this.#takeOver(agreement);
    }
  }

  /** Gives the agreement free, if it is still this job that holds it. */
  async release(agreement: Agreement): Promise<void> {
    const ref = { namespace: this.#namespace, name: claimName(agreement) };
    const claim = await this.#client.find<Claim>(CONFIG_MAPS, ref);
    if (claim?.data?.jobId !== agreement.jobId) return;
    const { uid, resourceVersion } = claim.metadata;
    await ignoreGone(this.#client.delete(CONFIG_MAPS, ref, { uid, ...(resourceVersion ? { resourceVersion } : {}) }));
  }

  /**
   * Removes what starts have left that never came to a WorkFlow, with the inputs that lie in their Secrets.
   * Returns in how many milliseconds to look again; undefined when nothing unfinished is left.
   */
  async removeAbandoned(): Promise<number | undefined> {
    const { items } = await this.#client.list<Claim>(CONFIG_MAPS, {
      namespace: this.#namespace,
      labelSelector: `${LABELS.managedBy}=${MANAGED_BY},${LABELS.job}`,
    });
    let lookAgainMs: number | undefined;
    for (const claim of items) {
      const { jobId } = claim.data ?? {};
      if (jobId === undefined || (await this.#holderOf(jobId))) continue;
      const leftMs = this.#leftToFinish(claim);
      if (leftMs > 0) lookAgainMs = Math.min(lookAgainMs ?? leftMs, leftMs);
      else await this.#remove(claim, jobId);
    }
    return lookAgainMs;
  }

  /** Only while nobody has taken the start up again: that changes the claim, and gives the Secret another uid. */
  async #remove({ metadata }: Claim, jobId: string): Promise<void> {
    const { name, namespace, uid, resourceVersion } = metadata;
    const inputs = await this.#client.find(SECRETS, { namespace: this.#namespace, name: objectNames.secret(jobId) });
    try {
      const preconditions = { uid, ...(resourceVersion ? { resourceVersion } : {}) };
      await this.#client.delete(CONFIG_MAPS, { name, namespace }, preconditions);
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return;
      throw error;
    }
    await this.#removeInputs(inputs);
  }

  async #removeInputs(inputs: KubeObject | undefined): Promise<void> {
    if (!inputs) return;
    const { name, namespace, uid } = inputs.metadata;
    await ignoreGone(this.#client.delete(SECRETS, { name, namespace }, { uid }));
  }

  async #takeOver(agreement: Agreement): Promise<void> {
    const ref = { namespace: this.#namespace, name: claimName(agreement) };
    const claim = await this.#client.find<Claim>(CONFIG_MAPS, ref);
    if (!claim) return this.take(agreement);
    const earlier = claim.data?.jobId ?? '';
    const isOurs = earlier === agreement.jobId;
    const holder = isOurs ? undefined : await this.#holderOf(earlier);
    const isHeld = holder ? holder.status?.finishedAt === undefined : this.#leftToFinish(claim) > 0;
    if (isHeld && !isOurs) throw inUse();
    // Once the claim names another job, nothing leads to them any more.
    const inputs =
      holder || isOurs
        ? undefined
        : await this.#client.find(SECRETS, { namespace: this.#namespace, name: objectNames.secret(earlier) });
    try {
      const labels = { ...claim.metadata.labels, [LABELS.job]: agreement.jobId };
      await this.#client.update<Claim>(CONFIG_MAPS, {
        ...claim,
        metadata: { ...claim.metadata, labels },
        data: { jobId: agreement.jobId, takenAt: this.#now() },
      });
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
      // Our own claim changes only when it is removed as abandoned, or taken by the same request a second time.
      if (isOurs) return this.take(agreement);
      throw inUse();
    }
    await this.#removeInputs(inputs);
  }

  #holderOf(jobId: string): Promise<WorkFlow | undefined> {
    const ref = { namespace: this.#namespace, name: objectNames.workflow(jobId) };
    return this.#client.find<WorkFlow>(WORKFLOWS, ref);
  }

  #leftToFinish({ metadata, data }: Claim): number {
    const takenAt = Date.parse(data?.takenAt ?? metadata.creationTimestamp ?? '');
    return takenAt + UNFINISHED_START_MS - this.#clock.now();
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

function claimName({ chainId, agreementId }: Agreement): string {
  return objectNames.claim(chainId, sha256Hex(agreementId.toLowerCase()).slice(0, 40));
}

function inUse(): OperatorRefusal {
  return new OperatorRefusal(400, 'AGREEMENT_IN_USE', '`agreementId` already in use for other job.', 'agreementId');
}

async function ignoreGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
