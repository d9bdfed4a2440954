import { mkdirSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../../core/clock.ts';
import type { Native } from '../../../../core/native.ts';
import type { LogOptions } from '../api-access.ts';

/** As the kubelet's containerLogMaxSize, but two files in all: what is older is lost, as on a real node. */
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
/** A line longer than this is cut in parts, as container runtimes do. */
const LONGEST_LINE = 16 * 1024;
/** More than this waiting for the disk, and the container's pipes are not read on. */
const MOST_PENDING = 256 * 1024;

/** One container's output in the form of the Container Runtime Interface: `TIME STREAM F|P TEXT`. */
export class ContainerLog {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #native: Native;
  readonly #maxBytes: number;
  #pending: string[] = [];
  #pendingBytes = 0;
  #fileBytes = 0;
  #flushing: Promise<void> | undefined;
  #isEnded = false;
  #listeners = new Set<() => void>();
  #generation = 0;

  constructor(path: string, clock: Clock, native: Native, maxBytes = DEFAULT_MAX_BYTES) {
    this.#path = path;
    this.#clock = clock;
    this.#native = native;
    this.#maxBytes = maxBytes;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  }

  /** Takes a stream to its end. */
  async consume(name: 'stdout' | 'stderr', stream: Readable): Promise<void> {
    let rest = Buffer.alloc(0);
    try {
      for await (const chunk of stream) {
        rest = this.#addLines(name, Buffer.concat([rest, chunk as Buffer]));
        if (this.#pendingBytes > MOST_PENDING) await this.flush();
      }
    } catch {
      // A pipe that breaks ends the log; what was read is kept.
    }
    if (rest.length > 0) this.#add(name, 'P', rest);
  }

  end(): Promise<void> {
    this.#isEnded = true;
    this.#notify();
    return this.flush();
  }

  /** The last lines as text, for a termination message. */
  async tail(lines: number, bytes: number): Promise<string> {
    const parts: Buffer[] = [];
    for await (const part of this.read({ tailLines: lines })) parts.push(Buffer.from(part));
    return Buffer.concat(parts).subarray(-bytes).toString('utf8');
  }

  async *read(options: LogOptions): AsyncGenerator<Uint8Array> {
    await this.flush();
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
    const since =
      options.sinceSeconds === undefined ? '' : new Date(this.#clock.now() - options.sinceSeconds * 1000).toISOString();
    let { lines, next } = await this.#linesFrom({ generation: -1, line: 0 });
    if (since !== '') lines = lines.filter((line) => line >= since);
    if (options.tailLines !== undefined) lines = lastLines(lines, options.tailLines);
    for (;;) {
      for (const line of lines) {
        const text = rendered(line, options.timestamps === true).subarray(0, left);
        left -= text.length;
        if (text.length > 0) yield text;
        if (left <= 0) return;
      }
      if (!options.follow || options.signal?.aborted) return;
      const isOver = this.#isEnded;
      await this.flush();
      ({ lines, next } = await this.#linesFrom(next));
      if (lines.length > 0) continue;
      if (isOver) return;
      await this.#change(options.signal);
    }
  }

  async remove(): Promise<void> {
    await this.flush();
    await Promise.all([this.#path, `${this.#path}.1`].map((path) => rm(path, { force: true })));
  }

  flush(): Promise<void> {
    return (this.#flushing ??= this.#native.run(() => this.#write()).finally(() => (this.#flushing = undefined)));
  }

  #addLines(name: string, data: Buffer): Buffer<ArrayBuffer> {
    let start = 0;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, start)) {
      this.#addLong(name, data.subarray(start, end));
      start = end + 1;
    }
    while (data.length - start > LONGEST_LINE) {
      this.#add(name, 'P', data.subarray(start, start + LONGEST_LINE));
      start += LONGEST_LINE;
    }
    return Buffer.from(data.subarray(start));
  }

  #addLong(name: string, line: Buffer): void {
    let start = 0;
    for (; line.length - start > LONGEST_LINE; start += LONGEST_LINE)
      this.#add(name, 'P', line.subarray(start, start + LONGEST_LINE));
    this.#add(name, 'F', line.subarray(start));
  }

  #add(name: string, kind: 'F' | 'P', text: Buffer): void {
    // latin1 keeps every byte as it is.
    const line = `${new Date(this.#clock.now()).toISOString()} ${name} ${kind} ${text.toString('latin1')}\n`;
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    this.#notify();
  }

  async #write(): Promise<void> {
    // Lines that arrive together are written together.
    await nextTurn();
    while (this.#pending.length > 0) {
      const text = this.#pending.join('');
      this.#pending = [];
      this.#pendingBytes = 0;
      if (this.#fileBytes + text.length > this.#maxBytes / 2 && this.#fileBytes > 0) {
        await rename(this.#path, `${this.#path}.1`);
        this.#fileBytes = 0;
        this.#generation++;
      }
      const file = await open(this.#path, 'a', 0o600);
      try {
        await file.write(text, null, 'latin1');
      } finally {
        await file.close();
      }
      this.#fileBytes += text.length;
    }
  }

  async #linesFrom(position: Position): Promise<{ lines: string[]; next: Position }> {
    const [older, current] = await Promise.all([linesOf(`${this.#path}.1`), linesOf(this.#path)]);
    const next = { generation: this.#generation, line: current.length };
    if (position.generation === this.#generation) return { lines: current.slice(position.line), next };
    const missed = position.generation === this.#generation - 1 ? older.slice(position.line) : older;
    return { lines: [...missed, ...current], next };
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    if (this.#pending.length > 0 || this.#isEnded) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = (): void => {
        this.#listeners.delete(settle);
        signal?.removeEventListener('abort', settle);
        resolve();
      };
      this.#listeners.add(settle);
      signal?.addEventListener('abort', settle, { once: true });
    });
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

interface Position {
  readonly generation: number;
  readonly line: number;
}

async function linesOf(path: string): Promise<string[]> {
  try {
    const text = await readFile(path, 'latin1');
    return text === '' ? [] : text.slice(0, -1).split('\n');
  } catch {
    // The older of the two files appears with the first rotation.
    return [];
  }
}

const LINE = /^(\S+) (?:stdout|stderr) ([FP]) ([^]*)$/;

function rendered(line: string, hasTimestamps: boolean): Buffer {
  const [, time = '', kind = 'F', text = ''] = LINE.exec(line) ?? [];
  return Buffer.from(`${hasTimestamps ? `${time} ` : ''}${text}${kind === 'F' ? '\n' : ''}`, 'latin1');
}

/** Counts whole lines: parts of one belong together. */
function lastLines(lines: string[], count: number): string[] {
  let start = lines.length;
  for (let whole = 0; start > 0; start--) {
    const endsLine = LINE.exec(lines[start - 1] ?? '')?.[2] !== 'P';
    if (endsLine || start === lines.length) whole++;
    if (whole > count) break;
  }
  return count === 0 ? [] : lines.slice(start);
}
