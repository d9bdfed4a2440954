/** Longer ones are not remembered: they seldom come again. */
const LONGEST_BYTES = 2048;
const MOST = 20_000;

/** Counts whatever a scan has to tell. */
export interface Reports {
  readonly reports: number;
}

/** Short byte strings in which a scan found nothing: logs and answers have the same hashes again and again. */
export class CleanBytes {
  readonly #known = new Set<string>();

  /** @param depth encodings around the bytes: further out there is room for more inside */
  has(bytes: Buffer, depth: number): boolean {
    return bytes.length <= LONGEST_BYTES && this.#known.has(keyOf(bytes, depth));
  }

  /** Scans, and remembers the bytes if that had nothing to report, not even a limit. */
  async note(bytes: Buffer, depth: number, counter: Reports, scan: () => Promise<void>): Promise<void> {
    const before = counter.reports;
    await scan();
    if (counter.reports === before && bytes.length <= LONGEST_BYTES && this.#known.size < MOST)
      this.#known.add(keyOf(bytes, depth));
  }
}

function keyOf(bytes: Buffer, depth: number): string {
  return `${depth}${bytes.toString('latin1')}`;
}
