import { BrokerRefusal } from './broker-refusal.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** Three seconds in all: whatever the broker says cannot be done now may be done soon, or not at all. */
const MOST_FAILURES = 5;
/** Two minutes in all: a broker that is started again, perhaps on another node, costs no job. */
const MOST_ABSENCES = 64;

/** No connection at all. One that breaks off counts as a failure: so does a server end what it refuses to read. */
const NOBODY_THERE = new Set(['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);

/** How long to wait after each failure of one call, and when to give it up. */
export class Patience {
  #failures = 0;
  #absences = 0;

  /** Milliseconds; undefined when there is nothing to wait for any more. */
  after(error: unknown): number | undefined {
    if (isAbsence(error)) return this.#absences++ < MOST_ABSENCES ? pauseOf(this.#absences) : undefined;
    if (!mayPass(error)) return undefined;
    return this.#failures++ < MOST_FAILURES ? pauseOf(this.#failures) : undefined;
  }
}

function pauseOf(count: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (count - 1));
}

function isAbsence(error: unknown): boolean {
  return NOBODY_THERE.has(String((error as { code?: unknown }).code));
}

/** A refusal by the broker stands (4xx), but for "not yet" and "too many". */
function mayPass(error: unknown): boolean {
  if (!(error instanceof BrokerRefusal)) return true;
  return error.status >= 500 || error.status === 429 || error.status === 408;
}
