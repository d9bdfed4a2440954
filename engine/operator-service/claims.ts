import type { Clock } from '../../core/clock.ts';
import { sha256Hex } from '../../core/protocol/hashing.ts';
import { LABELS, MANAGED_BY, objectNames, WORKFLOWS } from '../api/names.ts';
import type { WorkFlow } from '../api/workflow.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kubernetes/kube-error.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { CONFIG_MAPS } from '../kubernetes/objects.ts';
import { OperatorRefusal } from './refusal.ts';

interface Claim extends KubeObject {
  data?: { jobId?: string };
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
        data: { jobId: agreement.jobId },
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
    try {
      const { uid, resourceVersion } = claim.metadata;
      await this.#client.delete(CONFIG_MAPS, ref, { uid, ...(resourceVersion ? { resourceVersion } : {}) });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  async #takeOver(agreement: Agreement): Promise<void> {
    const ref = { namespace: this.#namespace, name: claimName(agreement) };
    const claim = await this.#client.find<Claim>(CONFIG_MAPS, ref);
    if (!claim) return this.take(agreement);
    if (claim.data?.jobId === agreement.jobId) return;
    if (await this.#isHeld(claim)) throw inUse();
    try {
      const labels = { ...claim.metadata.labels, [LABELS.job]: agreement.jobId };
      await this.#client.update<Claim>(CONFIG_MAPS, {
        ...claim,
        metadata: { ...claim.metadata, labels },
        data: { jobId: agreement.jobId },
      });
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) throw inUse();
      throw error;
    }
  }

  async #isHeld(claim: Claim): Promise<boolean> {
    const name = objectNames.workflow(claim.data?.jobId ?? '');
    const holder = await this.#client.find<WorkFlow>(WORKFLOWS, { namespace: this.#namespace, name });
    if (holder) return holder.status?.finishedAt === undefined;
    return this.#clock.now() - Date.parse(claim.metadata.creationTimestamp ?? '') < UNFINISHED_START_MS;
  }
}

function claimName({ chainId, agreementId }: Agreement): string {
  return objectNames.claim(chainId, sha256Hex(agreementId.toLowerCase()).slice(0, 40));
}

function inUse(): OperatorRefusal {
  return new OperatorRefusal(400, 'AGREEMENT_IN_USE', '`agreementId` already in use for other job.', 'agreementId');
}
