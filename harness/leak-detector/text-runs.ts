/** Bytes decoded from one alignment of a run of base64 or hex characters. */
export interface DecodedRun {
  readonly encoding: 'base64' | 'hex';
  push(bytes: Buffer): Promise<void>;
  end(): Promise<void>;
}

/** Shorter runs are left to the search for encoded canaries; words and numbers would otherwise start a decoder each. */
export const MINIMUM_RUN = 64;
/** Longer ones are decoded as they come. */
const LONGEST_KEPT_RUN = 8192;

const NONE = 255;
const NEWLINE = 254;

function alphabet(...ranges: readonly [string, number][]): Uint8Array {
  const table = new Uint8Array(256).fill(NONE);
  for (const [characters, value] of ranges) {
    for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = value + i;
  }
  table[10] = NEWLINE;
  table[13] = NEWLINE;
  return table;
}

const BASE64 = alphabet(['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 0], ['-_', 62]);
const HEX = alphabet(['0123456789abcdef', 0], ['ABCDEF', 10]);

interface Kind {
  readonly encoding: 'base64' | 'hex';
  readonly table: Uint8Array;
  readonly bitsPerCharacter: 6 | 4;
  /** Characters that make whole bytes: also the number of alignments a run can have. */
  readonly group: 4 | 2;
}

const KINDS: readonly Kind[] = [
  { encoding: 'base64', table: BASE64, bitsPerCharacter: 6, group: 4 },
  { encoding: 'hex', table: HEX, bitsPerCharacter: 4, group: 2 },
];

/** What becomes of the runs that are found. */
export interface RunSink {
  /** For a run that goes on for longer than can be kept. */
  open(encoding: 'base64' | 'hex', alignment: number): DecodedRun;
  /** One alignment of a whole run; nothing to wait for in most of them. */
  whole(encoding: 'base64' | 'hex', bytes: Buffer): Promise<void> | undefined;
}

/** Watches a stream for runs of one alphabet, over line ends, and gives what each alignment decodes to. */
class RunWatcher {
  #kind: Kind;
  #sink: RunSink;
  #pending: number[] = [];
  #decoders: DecodedRun[] = [];

  constructor(kind: Kind, sink: RunSink) {
    this.#kind = kind;
    this.#sink = sink;
  }

  async push(bytes: Buffer): Promise<void> {
    const { table } = this.#kind;
    let from = 0;
    let length = this.#pending.length;
    for (let i = 0; i < bytes.length; i++) {
      const value = table[bytes[i] ?? 0] ?? NONE;
      if (value < 64) length++;
      else if (value === NONE) {
        // Ordinary words end here, some every few bytes, without a promise for each.
        if (this.#decoders.length > 0 || length >= MINIMUM_RUN) {
          this.#take(bytes, from, i);
          await this.#endRun();
        } else if (this.#pending.length > 0) this.#pending = [];
        from = i + 1;
        length = 0;
      }
    }
    this.#take(bytes, from, bytes.length);
    if (this.#decoders.length > 0 || this.#pending.length > LONGEST_KEPT_RUN) await this.#decode(false);
  }

  #take(bytes: Buffer, from: number, to: number): void {
    const { table } = this.#kind;
    for (let i = from; i < to; i++) {
      const value = table[bytes[i] ?? 0] ?? NONE;
      if (value < 64) this.#pending.push(value);
    }
  }

  async end(): Promise<void> {
    await this.#endRun();
  }

  async #endRun(): Promise<void> {
    if (this.#decoders.length > 0) await this.#decode(true);
    else if (this.#pending.length >= MINIMUM_RUN) {
      const { group, encoding } = this.#kind;
      for (let alignment = 0; alignment < group; alignment++) {
        // Awaited only where there is something to wait for: most runs are hashes.
        const scanned = this.#sink.whole(encoding, this.#bytes(alignment, this.#pending.length));
        if (scanned) await scanned;
      }
    }
    for (const decoder of this.#decoders) await decoder.end();
    this.#decoders = [];
    this.#pending = [];
  }

  /** Keeps what does not fill a group for all alignments, unless this is the run's end. */
  async #decode(isEnd: boolean): Promise<void> {
    const { group, encoding } = this.#kind;
    if (this.#decoders.length === 0) {
      this.#decoders = Array.from({ length: group }, (_, alignment) => this.#sink.open(encoding, alignment));
    }
    const taken = isEnd ? this.#pending.length : this.#pending.length - (this.#pending.length % group) - group;
    if (taken <= 0) return;
    for (const [alignment, decoder] of this.#decoders.entries()) {
      await decoder.push(this.#bytes(alignment, isEnd ? taken : taken + alignment));
    }
    this.#pending = this.#pending.slice(taken);
  }

  #bytes(from: number, to: number): Buffer {
    const { bitsPerCharacter } = this.#kind;
    const out = Buffer.alloc(Math.max(0, Math.floor(((to - from) * bitsPerCharacter) / 8)));
    let bits = 0;
    let held = 0;
    let at = 0;
    for (let i = from; i < to && at < out.length; i++) {
      bits = ((bits << bitsPerCharacter) | (this.#pending[i] ?? 0)) & 0xffff;
      held += bitsPerCharacter;
      if (held >= 8) {
        held -= 8;
        out[at++] = (bits >>> held) & 0xff;
      }
    }
    return out;
  }
}

/** All alphabets at once. */
export class TextRuns {
  #watchers: RunWatcher[];

  constructor(sink: RunSink) {
    this.#watchers = KINDS.map((kind) => new RunWatcher(kind, sink));
  }

  async push(bytes: Buffer): Promise<void> {
    for (const watcher of this.#watchers) await watcher.push(bytes);
  }

  async end(): Promise<void> {
    for (const watcher of this.#watchers) await watcher.end();
  }
}
