import type { CanaryIndex } from './canary-index.ts';
import type { CleanBytes } from './clean-bytes.ts';
import { LOOKAHEAD, packedStarts, startsAsBrotli, startsAsDeflate } from './packed-start.ts';
import { TextRuns } from './text-runs.ts';
import { Unpacker, type PackedKind } from './unpacker.ts';

export interface ScanContext {
  readonly index: CanaryIndex;
  /** Of this and of earlier items. */
  readonly clean: CleanBytes;
  readonly maximumDepth: number;
  unpackedBytesLeft: number;
  /** Canaries found and limits hit so far. */
  reports: number;
  found(canary: string, encoding: string): void;
  limitHit(what: string): void;
}

/** Real archives are unpacked one member after another; more at once is chance or malice. */
const MAXIMUM_UNPACKERS = 32;
/** Brotli and raw deflate have no mark; less than this, a decoded SHA-256 for one, is too little to tell either from chance. */
const UNMARKED_TRIAL_BYTES = 64;

/** One stream of bytes: the item itself, or what something in it decoded to. */
export class Layer {
  #context: ScanContext;
  #path: readonly string[];
  #carry: Buffer = Buffer.alloc(0);
  #unexamined: Buffer = Buffer.alloc(0);
  #started = false;
  #unpackers: Unpacker[] = [];
  #runs: TextRuns;

  constructor(context: ScanContext, path: readonly string[]) {
    this.#context = context;
    this.#path = path;
    this.#runs = new TextRuns({
      open: (encoding) => this.#child(encoding) ?? NOTHING(encoding),
      whole: (encoding, bytes) => this.#whole(encoding, bytes),
    });
  }

  async push(chunk: Buffer): Promise<void> {
    this.#search(chunk);
    await this.#runs.push(chunk);
    for (const unpacker of this.#unpackers) await unpacker.push(chunk);
    await this.#examine(chunk, false);
  }

  async end(): Promise<void> {
    await this.#examine(Buffer.alloc(0), true);
    await this.#runs.end();
    for (const unpacker of this.#unpackers) await unpacker.end();
    this.#unpackers = [];
  }

  #search(chunk: Buffer): void {
    const { index } = this.#context;
    const window = Buffer.concat([this.#carry, chunk]);
    const report = (canary: string, encoding: string): void =>
      this.#context.found(canary, [...this.#path, encoding].join(' > '));
    index.search(window, report);
    if (window.includes(0x25)) {
      const decoded = percentDecoded(window);
      if (decoded) index.search(decoded, (canary, encoding) => report(canary, `percent > ${encoding}`));
    }
    // Percent-encoding makes three bytes of one, so the same overlap serves both searches.
    this.#carry = Buffer.from(window.subarray(Math.max(0, window.length - 3 * index.longest)));
  }

  /** What a short run decoded to. Most are hashes and signatures, in which nothing can hide, and most come again and again. */
  #whole(encoding: string, bytes: Buffer): Promise<void> | undefined {
    const { clean } = this.#context;
    const depth = this.#path.length;
    if (clean.has(bytes, depth)) return undefined;
    const child = this.#child(encoding);
    if (!child) return undefined;
    return clean.note(bytes, depth, this.#context, async () => {
      await child.push(bytes);
      await child.end();
    });
  }

  /** Looks for the starts of packed streams, as soon as enough bytes follow to judge them. */
  async #examine(chunk: Buffer, isEnd: boolean): Promise<void> {
    // Chunks of a few bytes are gathered, else each would be looked at again and again.
    const window = Buffer.concat([this.#unexamined, chunk]);
    if (window.length < LOOKAHEAD && !isEnd) {
      this.#unexamined = window;
      return;
    }
    if (!this.#started) {
      this.#started = true;
      await this.#tryUnmarked(window);
    }
    const limit = isEnd ? window.length : window.length - LOOKAHEAD + 1;
    for (const { at, kind, skip } of packedStarts(window, limit)) await this.#unpack(kind, skip, window.subarray(at));
    this.#unexamined = Buffer.from(window.subarray(limit));
    for (const done of this.#unpackers.filter((unpacker) => unpacker.done)) await done.end();
    this.#unpackers = this.#unpackers.filter((unpacker) => !unpacker.done);
  }

  async #tryUnmarked(window: Buffer): Promise<void> {
    const trial = window.subarray(0, LOOKAHEAD);
    const encoding = this.#path.at(-1);
    // What was itself unpacked is not tried: chance unpacks to chance, layer by layer, down to the depth limit.
    if (encoding !== undefined && encoding !== 'base64' && encoding !== 'hex') return;
    if (trial.length === 0 || (encoding !== undefined && trial.length < UNMARKED_TRIAL_BYTES)) return;
    if (this.#path.length >= this.#context.maximumDepth) return;
    if (startsAsBrotli(trial)) await this.#unpack('brotli', 0, window);
    if (startsAsDeflate(trial)) await this.#unpack('deflate', 0, window);
  }

  async #unpack(kind: PackedKind, skip: number, bytes: Buffer): Promise<void> {
    if (this.#unpackers.filter((unpacker) => !unpacker.done).length >= MAXIMUM_UNPACKERS) {
      this.#context.limitHit(`more than ${MAXIMUM_UNPACKERS} packed streams at once`);
      return;
    }
    const child = this.#child(kind);
    if (!child) return;
    const context = this.#context;
    const unpacker: Unpacker = new Unpacker(kind, skip, {
      push: async (unpacked) => {
        context.unpackedBytesLeft -= unpacked.length;
        if (context.unpackedBytesLeft >= 0) return child.push(unpacked);
        context.limitHit('it unpacks to more bytes than the limit');
        return unpacker.stop();
      },
      end: () => child.end(),
    });
    this.#unpackers.push(unpacker);
    await unpacker.push(bytes);
  }

  #child<E extends string>(encoding: E): ({ readonly encoding: E } & Pick<Layer, 'push' | 'end'>) | undefined {
    if (this.#path.length >= this.#context.maximumDepth) {
      this.#context.limitHit(`more than ${this.#context.maximumDepth} encodings inside each other`);
      return undefined;
    }
    const layer = new Layer(this.#context, [...this.#path, encoding]);
    return { encoding, push: (bytes) => layer.push(bytes), end: () => layer.end() };
  }
}

function NOTHING<E extends string>(encoding: E): { readonly encoding: E } & Pick<Layer, 'push' | 'end'> {
  return { encoding, push: () => Promise.resolve(), end: () => Promise.resolve() };
}

/** Undefined when nothing in it is percent-encoded. */
function percentDecoded(bytes: Buffer): Buffer | undefined {
  const out = Buffer.alloc(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i] ?? 0;
    if (byte === 0x25) {
      const high = hexValue(bytes[i + 1]);
      const low = hexValue(bytes[i + 2]);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        i += 2;
      }
    }
    out[length++] = byte;
  }
  return length === bytes.length ? undefined : out.subarray(0, length);
}

function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}
