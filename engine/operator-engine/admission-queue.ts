import type { WorkFlow } from '../api/workflow.ts';
import { millisecondsOf } from './pod-view.ts';

interface Waiting {
  readonly key: string;
  readonly createdAt: number;
}

interface Place {
  readonly environment: string;
  readonly owner: string;
}

/** One environment's jobs: who waits, by owner and in order, and who runs. */
class Lane {
  readonly waiting = new Map<string, Waiting[]>();
  readonly running = new Map<string, number>();
  runningCount = 0;

  /** The owner with the fewest running jobs goes first; among equals the one whose job has waited longest. */
  next(): { owner: string; job: Waiting } | undefined {
    let best: { owner: string; job: Waiting } | undefined;
    for (const [owner, [job]] of this.waiting) {
      if (job === undefined) continue;
      if (best === undefined || this.#goesBefore(owner, job, best)) best = { owner, job };
    }
    return best;
  }

  #goesBefore(owner: string, job: Waiting, other: { owner: string; job: Waiting }): boolean {
    const difference = (this.running.get(owner) ?? 0) - (this.running.get(other.owner) ?? 0);
    return difference !== 0 ? difference < 0 : isBefore(job, other.job);
  }
}

/**
 * Whose turn it is: an environment runs at most `maxJobs` at once, first come first served, and no owner's hundred jobs keep
 * another's one waiting. It is made of the WorkFlows alone, so that a new engine comes to the same running set.
 */
export class AdmissionQueue {
  readonly #limitOf: (environment: string) => number | undefined;
  readonly #onAdmitted: (key: string) => void;
  readonly #lanes = new Map<string, Lane>();
  readonly #waiting = new Map<string, Place>();
  readonly #running = new Map<string, Place>();
  #isOpen = false;

  /** `limitOf` an environment that does not exist is undefined: its jobs are let in, to be told so. */
  constructor(limitOf: (environment: string) => number | undefined, onAdmitted: (key: string) => void) {
    this.#limitOf = limitOf;
    this.#onAdmitted = onAdmitted;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Nobody is let in before everything that runs already is known. */
  open(): void {
    this.#isOpen = true;
    for (const environment of this.#lanes.keys()) this.admit(environment);
  }

  isAdmitted(key: string): boolean {
    return this.#running.has(key);
  }

  update(key: string, workflow: WorkFlow | undefined): void {
    const status = workflow?.status;
    if (workflow === undefined || status?.finishedAt !== undefined) return this.#leave(key);
    const place = { environment: workflow.spec.environment, owner: workflow.spec.owner.toLowerCase() };
    if (status?.acceptedAt !== undefined) return this.#run(key, place);
    if (this.#running.has(key) || this.#waiting.has(key)) return;
    this.#waiting.set(key, place);
    const lane = this.#lane(place.environment);
    const jobs = lane.waiting.get(place.owner) ?? [];
    lane.waiting.set(place.owner, jobs);
    insert(jobs, { key, createdAt: millisecondsOf(workflow.metadata.creationTimestamp) ?? 0 });
    this.admit(place.environment);
  }

  /** Fills the free places of an environment. */
  admit(environment: string): void {
    const lane = this.#lanes.get(environment);
    if (!this.#isOpen || lane === undefined) return;
    const limit = this.#limitOf(environment) ?? Infinity;
    while (lane.runningCount < limit) {
      const next = lane.next();
      if (next === undefined) return;
      this.#run(next.job.key, { environment, owner: next.owner });
      this.#onAdmitted(next.job.key);
    }
  }

  #run(key: string, place: Place): void {
    this.#stopWaiting(key);
    if (this.#running.has(key)) return;
    this.#running.set(key, place);
    const lane = this.#lane(place.environment);
    lane.runningCount++;
    lane.running.set(place.owner, (lane.running.get(place.owner) ?? 0) + 1);
  }

  #leave(key: string): void {
    this.#stopWaiting(key);
    const place = this.#running.get(key);
    if (place === undefined) return;
    this.#running.delete(key);
    const lane = this.#lane(place.environment);
    lane.runningCount--;
    const left = (lane.running.get(place.owner) ?? 1) - 1;
    if (left > 0) lane.running.set(place.owner, left);
    else lane.running.delete(place.owner);
    this.admit(place.environment);
  }

  #stopWaiting(key: string): void {
    const place = this.#waiting.get(key);
    if (place === undefined) return;
    this.#waiting.delete(key);
    const jobs = this.#lane(place.environment).waiting.get(place.owner);
    const index = jobs?.findIndex((job) => job.key === key) ?? -1;
    if (index >= 0) jobs?.splice(index, 1);
    if (jobs?.length === 0) this.#lane(place.environment).waiting.delete(place.owner);
  }

  #lane(environment: string): Lane {
    const known = this.#lanes.get(environment);
    if (known !== undefined) return known;
    const lane = new Lane();
    this.#lanes.set(environment, lane);
    return lane;
  }
}

function insert(jobs: Waiting[], job: Waiting): void {
  let at = jobs.length;
  while (at > 0 && isBefore(job, jobs[at - 1])) at--;
  jobs.splice(at, 0, job);
}

function isBefore(a: Waiting, b: Waiting | undefined): boolean {
  if (b === undefined) return false;
  return a.createdAt !== b.createdAt ? a.createdAt < b.createdAt : a.key < b.key;
}
