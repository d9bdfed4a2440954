import type { Seams } from '../../core/seams.ts';
import type { RunningResource } from '../../core/resource.ts';
import { runningResource } from '../../core/resource.ts';
import { messageOf } from '../../core/errors.ts';
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
  /** Default 10 s; a leader that could not renew for so long steps down by itself. */
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
      const waitMs = retryMs * (1 + fraction(seams.entropy) / 5);
      await seams.clock.sleep(waitMs, this.#stop.signal).catch(() => undefined);
    }
    if (this.isLeader) await this.#release();
  }

  async #attempt(): Promise<void> {
    const { seams, renewDeadlineMs = 10_000 } = this.#options;
    try {
      if (await this.#acquireOrRenew()) {
        this.#renewedAt = seams.clock.now();
        this.#lead(true);
      } else {
        this.#lead(false);
      }
    } catch (error) {
      seams.log.debug('lease not renewed', { lease: this.#options.leaseName, reason: messageOf(error) });
      if (this.isLeader && seams.clock.now() - this.#renewedAt >= renewDeadlineMs) this.#lead(false);
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

  async #acquireOrRenew(): Promise<boolean> {
    const { client, identity } = this.#options;
    const current = await client.find<Lease>(LEASES, this.#ref());
    if (current === undefined) return this.#write(undefined);
    if (current.spec.holderIdentity === identity) return this.#write(current);
    return this.#isAbandoned(current) ? this.#write(current) : false;
  }

  #isAbandoned(lease: Lease): boolean {
    if (!lease.spec.holderIdentity) return true;
    const { seams, leaseDurationMs = 15_000 } = this.#options;
    const record = JSON.stringify(lease.spec);
    if (this.#seen?.record !== record) this.#seen = { record, at: seams.clock.now() };
    const durationMs = Math.max(leaseDurationMs, (lease.spec.leaseDurationSeconds ?? 0) * 1000);
    return seams.clock.now() - this.#seen.at >= durationMs;
  }

  /** Writes our claim; false when another was quicker. */
  async #write(current: Lease | undefined): Promise<boolean> {
    const { client, identity, seams, leaseDurationMs = 15_000 } = this.#options;
    const now = microTime(seams.clock.now());
    const isOurs = current?.spec.holderIdentity === identity;
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: (isOurs ? current?.spec.acquireTime : undefined) ?? now,
      renewTime: now,
      leaseTransitions: (current?.spec.leaseTransitions ?? 0) + (current === undefined || isOurs ? 0 : 1),
    };
    try {
      if (current === undefined) await client.create<Lease>(LEASES, { metadata: this.#ref(), spec });
      else await client.update<Lease>(LEASES, { ...current, spec });
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) return false;
      throw error;
    }
  }

  async #release(): Promise<void> {
    const { client, identity } = this.#options;
    try {
      const current = await client.find<Lease>(LEASES, this.#ref());
      if (current?.spec.holderIdentity !== identity) return;
      await client.update<Lease>(LEASES, { ...current, spec: { ...current.spec, holderIdentity: '' } });
    } catch (error) {
      // It runs out by itself.
      this.#options.seams.log.debug('lease not given back', { reason: messageOf(error) });
    } finally {
      this.isLeader = false;
    }
  }

  #ref(): { name: string; namespace: string } {
    return { name: this.#options.leaseName, namespace: this.#options.namespace };
  }
}

/** Kubernetes' MicroTime: six decimals. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
