import { jobIdOf } from '../../../core/protocol/job-id.ts';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import { signMessage } from '../../../core/protocol/signing.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import type { ComputeJob } from '../../../core/protocol/job-status.ts';
import { objectNames } from '../../../engine/api/names.ts';
import type { Actor } from '../../actors/actor.ts';
import type { ComputeOrder } from '../../actors/consumer.ts';
import type { JobView } from './cluster-watch.ts';
import type { CrashLab, Mode } from './crash-lab.ts';
import type { Answer } from '../../scenario/checks.ts';
import { accepted } from './crash-lab.ts';
import type { KillPoint, WatchedJob } from './crashes.ts';
import type { JobNeedles } from './writes.ts';

/** How a job ended, as everybody sees it. */
export interface Verdict {
  readonly status: number;
  /** By name. */
  readonly results: Readonly<Record<string, string>>;
  /** Compute pods that were ever made for it, but for those in which nothing could run. */
  readonly computePods: number;
  /** Runs of its order that it used up. */
  readonly runs: number;
  /** What is in the cluster of it. */
  readonly left: readonly string[];
  /** What the job and its pods say where there are no results at all; absent where there are. */
  readonly why?: unknown;
}

export interface LaneJob {
  readonly jobId: string;
  readonly watched: WatchedJob;
  /** Its answer, after as many tries as the crashes cost. */
  readonly started: Promise<ComputeJob>;
  /** The consumer was told of the end. */
  readonly ended: Promise<ComputeJob>;
  /** All traces are gone from the cluster. */
  readonly settled: Promise<Verdict>;
}

/** Every component may be killed under a start, and each kill costs it an answer. */
const MOST_ATTEMPTS = 8;

/** One consumer with one order, which starts jobs one after another. */
export class Lane {
  readonly #lab: CrashLab;
  readonly #actor: Actor;
  readonly #order: ComputeOrder;
  readonly #agreementId: string;
  readonly #nonces = new Map<string, string>();

  private constructor(lab: CrashLab, actor: Actor, order: ComputeOrder) {
    this.#lab = lab;
    this.#actor = actor;
    this.#order = order;
    this.#agreementId = order.transferTxIds[lab.dataset.did] ?? '';
  }

  static async open(lab: CrashLab, actor: Actor, seconds?: number): Promise<Lane> {
    const order = await lab.order(actor, seconds);
    return new Lane(lab, actor, order);
  }

  /** Runs of its order that count now. A run is given back when the Provider next looks: at the order's next start at the latest. */
  runsNow(): number {
    return this.#lab.runsOf(this.#agreementId).length;
  }

  nextNonce(): string {
    return this.#lab.nextNonce(this.#actor);
  }

  /** Of the request that started it. */
  nonceOf(jobId: string): string {
    return this.#nonces.get(jobId) ?? '';
  }

  needlesOf(nonce: string): JobNeedles {
    const { endpoints } = this.#lab.testbed;
    const jobId = jobIdOf({
      chainId: endpoints.chainId,
      provider: endpoints.providers[0]?.address ?? '',
      owner: this.#actor.address,
      agreementId: this.#agreementId,
      nonce,
    });
    const digest = sha256Hex(this.#agreementId.toLowerCase()).slice(0, 40);
    return { jobId, claim: objectNames.claim(endpoints.chainId, digest) };
  }

  start(mode: Mode = 'copy', points: readonly KillPoint[] = []): LaneJob {
    const nonce = this.nextNonce();
    const needles = this.needlesOf(nonce);
    const watched = this.#lab.crashes.watch(needles, points);
    const runsBefore = this.#lab.runsOf(this.#agreementId).length;
    const ids = [needles.jobId];
    const started = this.#startUntilAnswered(mode, nonce, (renamed) => {
      watched.follow(renamed);
      ids.push(renamed.jobId);
    });
    const ended = started.then(({ jobId }) => this.#actor.follow(jobId, { timeoutMs: this.#lab.patienceMs }));
    const settled = ended.then((job) => this.#verdict(job, ids, runsBefore, watched));
    for (const promise of [started, ended, settled]) promise.catch(() => undefined);
    return { jobId: needles.jobId, watched, started, ended, settled };
  }

  /** One start request and its answer, whatever it is. */
  post(nonce: string): Promise<Answer<ComputeJob>> {
    return this.#actor.startCompute(this.#order, { parameters: { mode: 'copy' }, alteration: { nonce } });
  }

  /** A signed request for a result, for whoever reads its body bit by bit. */
  resultUrl(jobId: string, index: number): string {
    const { address: consumerAddress, privateKey } = this.#actor;
    const nonce = this.nextNonce();
    const text = signedMessages.computeResult(consumerAddress, jobId, String(index), nonce);
    const fields = { consumerAddress, jobId, index: String(index), nonce, signature: signMessage(text, privateKey) };
    const base = this.#lab.testbed.endpoints.providers[0]?.url ?? '';
    return `${base}/api/services/computeResult?${new URLSearchParams(fields).toString()}`;
  }

  async stop(jobId: string): Promise<void> {
    await this.#ask((nonce) => this.#actor.stopCompute(jobId, { nonce }));
  }

  /**
   * Asks again when there was no answer: somebody may have been killed for another job's sake. Also when another request of this
   * actor, which may have a job in another lane, arrived first: nonces rise.
   */
  async #ask<T>(request: (nonce: string) => Promise<Answer<T>>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const answer = await request(this.nextNonce());
      if (answer.ok || attempt === MOST_ATTEMPTS || !(isNoAnswer(answer) || isNonceTaken(answer)))
        return accepted(answer);
      await this.#lab.crashes.recovered();
    }
  }

  /** As a careful client does: no answer, so the same request again once somebody answers. */
  async #startUntilAnswered(
    mode: Mode,
    firstNonce: string,
    onNewId: (needles: JobNeedles) => void,
  ): Promise<ComputeJob> {
    let nonce = firstNonce;
    for (let attempt = 1; ; attempt++) {
      const options = { parameters: { mode }, alteration: { nonce } };
      const answer = await this.#actor.startCompute(this.#order, options);
      if (answer.ok) {
        this.#nonces.set(answer.value.jobId, nonce);
        return answer.value;
      }
      // Nobody started anything in its name: what clients do then is to sign anew.
      if (isNonceTaken(answer)) {
        nonce = this.nextNonce();
        onNewId(this.needlesOf(nonce));
      } else if (!isNoAnswer(answer)) return accepted(answer);
      if (attempt === MOST_ATTEMPTS) return accepted(answer);
      await this.#lab.crashes.recovered();
    }
  }

  /** Over all ids that the job was tried under. */
  async #verdict(
    { jobId, status, details = {} }: ComputeJob,
    ids: readonly string[],
    runsBefore: number,
    watched: WatchedJob,
  ): Promise<Verdict> {
    const { cluster, testbed, crashes } = this.#lab;
    const isGone = ({ objects }: JobView): true | undefined => (objects.length === 0 ? true : undefined);
    for (const id of ids) await cluster.until(id, 'nothing to be left', isGone);
    await crashes.recovered();
    watched.forget();
    const pods = (await Promise.all(ids.map((id) => testbed.observe.podsEverCreated(id)))).flat();
    const results = await this.#results(jobId);
    return {
      status,
      results,
      ...(Object.keys(results).length > 0 ? {} : { why: { details, pods: ids.map((id) => cluster.lastPods(id)) } }),
      computePods: pods.filter(({ stage, failedToStart }) => stage === 'compute' && !failedToStart).length,
      runs: this.#lab.runsOf(this.#agreementId).length - runsBefore,
      left: ids.flatMap((id) => cluster.see(id).objects),
    };
  }

  async #results(jobId: string): Promise<Record<string, string>> {
    const listed = await this.#ask((nonce) => this.#actor.results(jobId, { nonce }));
    const texts: Record<string, string> = {};
    for (const { index, filename } of listed.results || []) {
      const file = await this.#ask((nonce) => this.#actor.downloadResult(jobId, index, { nonce }));
      texts[filename] = file.text;
    }
    return texts;
  }
}

function isNonceTaken(answer: Answer<unknown>): boolean {
  return !answer.ok && answer.refusal.code?.startsWith('NONCE_') === true;
}

function isNoAnswer(answer: Answer<unknown>): boolean {
  return !answer.ok && (answer.refusal.status === 0 || answer.refusal.status >= 500);
}
