import { WavetankError } from '../core/errors.ts';
import { CanaryIndex } from './leak-detector/canary-index.ts';
import { CleanBytes } from './leak-detector/clean-bytes.ts';
import { Layer, type ScanContext } from './leak-detector/layer.ts';

/** A byte string that must not get out. `fixtures/datasets/canaries.ts` makes them. */
export interface LeakCanary {
  readonly name: string;
  readonly text: string;
}

export interface LeakFinding {
  /** The canary's name, never its text: findings go into reports. */
  readonly canary: string;
  /** How it was hidden, outermost first: `clear`, `base64`, `gzip > clear`, `base64 > gzip > clear` … */
  readonly encoding: string;
  /** What was scanned, as the caller named it. */
  readonly where: string;
}

export type Scannable = Uint8Array | string | AsyncIterable<Uint8Array | string>;

export interface LeakDetectorOptions {
  /** Encodings inside each other, at most. Default 4. */
  readonly maximumDepth?: number;
  /** Bytes that everything packed in one scanned item may unpack to. Default 1 GiB. */
  readonly maximumUnpackedBytes?: number;
}

export interface LeakDetector {
  /**
   * Each canary once per encoding. Memory stays bounded whatever a stream's length.
   * @throws LEAK_SCAN_INCOMPLETE when the item nests or unpacks beyond the limits, so that it cannot be called clean
   */
  scan(item: Scannable, where: string): Promise<LeakFinding[]>;
}

/**
 * Looks for canaries in anything that leaves the lab. Sees each in clear, UTF-16, base64 (any alignment, URL-safe, wrapped), hex (both cases),
 * percent-encoded, and whatever gzip, zlib, zstd or zip streams at any offset hold; brotli and raw deflate carry no mark, so they are tried at an item's start.
 * It compares bytes: numbers that were rounded, reordered or encrypted are beyond it.
 * @throws LEAK_CANARY_TOO_SHORT for a canary under 8 bytes, which honest data could contain
 */
export function createLeakDetector(canaries: Iterable<LeakCanary>, options: LeakDetectorOptions = {}): LeakDetector {
  const list = [...canaries];
  const short = list.find((canary) => Buffer.byteLength(canary.text) < 8);
  if (short) throw new WavetankError('LEAK_CANARY_TOO_SHORT', `canary ${short.name} has fewer than 8 bytes`);
  const index = new CanaryIndex(list);
  const clean = new CleanBytes();
  return {
    async scan(item, where) {
      const found = new Map<string, LeakFinding>();
      const limits = new Set<string>();
      const context: ScanContext = {
        index,
        clean,
        reports: 0,
        maximumDepth: options.maximumDepth ?? 4,
        unpackedBytesLeft: options.maximumUnpackedBytes ?? 2 ** 30,
        found(canary, encoding) {
          this.reports++;
          found.set(`${canary}\0${encoding}`, { canary, encoding, where });
        },
        limitHit(what) {
          this.reports++;
          limits.add(what);
        },
      };
      const layer = new Layer(context, []);
      for await (const chunk of chunksOf(item)) await layer.push(chunk);
      await layer.end();
      // A canary found is certain, whatever else remained unseen.
      if (limits.size > 0 && found.size === 0) {
        throw new WavetankError('LEAK_SCAN_INCOMPLETE', `${where}: ${[...limits].join('; ')}`, {
          category: 'check',
          details: { where },
        });
      }
      return [...found.values()];
    },
  };
}

const CHUNK_BYTES = 64 * 1024;

async function* chunksOf(item: Scannable): AsyncGenerator<Buffer, void, undefined> {
  const whole = typeof item === 'string' || item instanceof Uint8Array ? [item] : item;
  for await (const part of whole) {
    const bytes =
      typeof part === 'string' ? Buffer.from(part) : Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
  }
}
