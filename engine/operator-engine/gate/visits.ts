/** How long ago a visit may have been and still count: longer than any job looks back at its start, bounded by what is kept below. */
const MOST_ADDRESSES = 4096;
/** Different words of one address that are kept; somebody who says more has been seen. */
const MOST_WORDS = 16;

interface CanaryLine {
  readonly at: number;
  readonly from: string;
  readonly said: string;
}

/** Who came to a canary: for each address and what it said, the last time. */
export class Visits {
  readonly #byAddress = new Map<string, Map<string, number>>();

  /** A line of the canary's log. Anything else is no visit. */
  take(line: string): boolean {
    const visit = parse(line);
    if (visit === undefined) return false;
    const { from, said, at } = visit;
    const words = this.#byAddress.get(from) ?? new Map<string, number>();
    // The newest last, so that the first is the one to forget.
    this.#byAddress.delete(from);
    this.#byAddress.set(from, words);
    words.delete(said);
    words.set(said, at);
    forgetFirst(words, MOST_WORDS);
    forgetFirst(this.#byAddress, MOST_ADDRESSES);
    return true;
  }

  /** Whether somebody came from this address at or after this moment who said something else than the greeting. */
  has(address: string, sinceMs: number, greeting: string): boolean {
    const words = this.#byAddress.get(address);
    if (words === undefined) return false;
    return [...words].some(([said, at]) => said !== greeting && at >= sinceMs);
  }
}

function forgetFirst(map: Map<string, unknown>, most: number): void {
  const [first] = map.keys();
  if (map.size > most && first !== undefined) map.delete(first);
}

function parse(line: string): CanaryLine | undefined {
  try {
    const { at, from, said } = JSON.parse(line) as Partial<CanaryLine>;
    return typeof at === 'number' && typeof from === 'string' && typeof said === 'string'
      ? { at, from, said }
      : undefined;
  } catch {
    return undefined;
  }
}
