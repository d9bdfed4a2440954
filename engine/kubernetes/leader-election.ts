import type { Seams } from '../../core/seams.ts';
import type { RunningResource } from '../../core/resource.ts';
import { runningResource } from '../../core/resource.ts';
import { messageOf, WavetankError } from '../../core/errors.ts';
import { fraction } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { isAlreadyExists, isConflict } from './kube-error.ts';
import { LEASES } from './objects.ts';
import type { Lease } from './pod-types.ts';

export interface LeaderElectionOptions {
  readonly client: KubeClient;
  readonly seams: Pick<Seams, 'clock' | 'entropy' | 'log'>;
  readonly namespace: string;
  readonly leaseName: string;
  readonly identity: string;
  /** Default 15 s; others take over when nothing was renewed for so long. */
  readonly leaseDurationMs?: number;
  /** Default 10 s; a leader that could not renew for so long steps down by itself. No attempt takes longer. */
  readonly renewDeadlineMs?: number;
  /** Default 2 s. */
  readonly retryMs?: number;
  readonly onElected: () => void;
  /** The lead was lost. A lease is no fence: what was under way may still happen once. */
  readonly onDeposed: () => void;
}

export interface LeaderElection extends RunningResource {
  readonly isLeader: boolean;
}

/** Runs for the lead until stopped; a stopped leader gives the lease back. */
export function startLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const candidate = new Candidate(options);
  const done = candidate.run();
  return runningResource(candidate, async () => {
    candidate.abort();
    await done;
  });
}

class Candidate {
  isLeader = false;
  readonly #options: LeaderElectionOptions;
  readonly #stop = new AbortController();
  #renewedAt = 0;
  /** Clocks of two machines differ: what counts is when *we* saw the record change. */
  #seen: { record: string; at: number } | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
  }

  abort(): void {
    this.#stop.abort();
  }

  async run(): Promise<void> {
    const { seams, retryMs = 2000 } = this.#options;
    while (!this.#stop.signal.aborted) {
      await this.#attempt();
      const pauseMs = retryMs * (1 + fraction(seams.entropy) / 5);
      const waitMs = Math.min(pauseMs, this.#leftMs());
      await seams.clock.sleep(waitMs, this.#stop.signal).catch(() => undefined);
    }
    if (this.isLeader) await this.#release();
  }

  async #attempt(): Promise<void> {
    const { seams } = this.#options;
    try {
      const heldSince = await this.#within(this.#leftMs(), (signal) => this.#acquireOrRenew(signal));
      if (heldSince !== undefined) this.#renewedAt = heldSince;
      this.#lead(heldSince !== undefined);
    } catch (error) {
      seams.log.debug('lease not renewed', { lease: this.#options.leaseName, reason: messageOf(error) });
      if (this.#leftMs() <= 0) this.#lead(false);
    }
  }

  /** How long a leader may go on without a renewal; everybody else has the whole time for an attempt. */
  #leftMs(): number {
    const { seams, renewDeadlineMs = 10_000 } = this.#options;
    if (!this.isLeader) return renewDeadlineMs;
    return Math.max(0, this.#renewedAt + renewDeadlineMs - seams.clock.now());
  }

  /** A request that waits for a connection does not hear its signal yet: it is not waited for either. */
  async #within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const attempt = new AbortController();
    const overdue = Promise.withResolvers<never>();
    const timer = this.#options.seams.clock.after(ms, () => {
      const error = new WavetankError('LEASE_OVERDUE', `The cluster did not answer within ${ms} ms.`);
      attempt.abort(error);
      overdue.reject(error);
    });
    try {
      return await Promise.race([work(attempt.signal), overdue.promise]);
    } finally {
      timer.cancel();
    }
  }

  #lead(isLeader: boolean): void {
    if (this.isLeader === isLeader) return;
    this.isLeader = isLeader;
    this.#options.seams.log.info(isLeader ? 'elected leader' : 'no longer leader', {
      identity: this.#options.identity,
      lease: this.#options.leaseName,
    });
    if (isLeader) this.#options.onElected();
    else this.#options.onDeposed();
  }

  /** Since when the lease is ours; undefined when it is another's. */
  async #acquireOrRenew(signal: AbortSignal): Promise<number | undefined> {
    const { client, identity } = this.#options;
    const current = await client.find<Lease>(LEASES, this.#ref(), { signal });
    signal.throwIfAborted();
    if (current === undefined) return this.#write(undefined, signal);
    if (current.spec.holderIdentity === identity) return this.#write(current, signal);
    return this.#isAbandoned(current) ? this.#write(current, signal) : undefined;
  }

  #isAbandoned(lease: Lease): boolean {
    if (!lease.spec.holderIdentity) return true;
    const { seams, leaseDurationMs = 15_000 } = this.#options;
    const record = JSON.stringify(lease.spec);
    if (this.#seen?.record !== record) this.#seen = { record, at: seams.clock.now() };
    const durationMs = Math.max(leaseDurationMs, (lease.spec.leaseDurationSeconds ?? 0) * 1000);
    return seams.clock.now() - this.#seen.at >= durationMs;
  }

  /** Writes our claim: the time that stands in it, undefined when another was quicker. */
  async #write(current: Lease | undefined, signal: AbortSignal): Promise<number | undefined> {
    const { client, identity, seams, leaseDurationMs = 15_000 } = this.#options;
    // Before the request: others may count from the moment that it arrived.
    const heldSince = seams.clock.now();
    const now = microTime(heldSince);
    const isOurs = current?.spec.holderIdentity === identity;
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: (isOurs ? current?.spec.acquireTime : undefined) ?? now,
      renewTime: now,
      leaseTransitions: (current?.spec.leaseTransitions ?? 0) + (current === undefined || isOurs ? 0 : 1),
    };
    try {
      if (current === undefined) await client.create<Lease>(LEASES, { metadata: this.#ref(), spec }, { signal });
      else await client.update<Lease>(LEASES, { ...current, spec }, { signal });
      return heldSince;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) return undefined;
      throw error;
    }
  }

  async #release(): Promise<void> {
    const { seams, retryMs = 2000 } = this.#options;
    try {
      await this.#within(retryMs, (signal) => this.#giveBack(signal));
    } catch (error) {
      // It runs out by itself.
      seams.log.debug('lease not given back', { reason: messageOf(error) });
    } finally {
      this.isLeader = false;
    }
  }

  async #giveBack(signal: AbortSignal): Promise<void> {
    const { client, identity } = this.#options;
    const current = await client.find<Lease>(LEASES, this.#ref(), { signal });
    signal.throwIfAborted();
    if (current?.spec.holderIdentity !== identity) return;
    await client.update<Lease>(LEASES, { ...current, spec: { ...current.spec, holderIdentity: '' } }, { signal });
  }

  #ref(): { name: string; namespace: string } {
    return { name: this.#options.leaseName, namespace: this.#options.namespace };
  }
}

/** Kubernetes' MicroTime: six decimals. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
