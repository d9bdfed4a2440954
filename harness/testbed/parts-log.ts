import type { Clock } from '../../core/clock.ts';
import type { LogRecord, Logger } from '../../core/log.ts';
import { createLogger } from '../../core/log.ts';

/** Told of every log record of every part. */
export type PartListener = (part: string, record: LogRecord) => void;

/** Newest lines that are kept for evidence; a run that writes more has its beginning in the trace. */
const MOST_LINES = 20_000;

/** The log of all parts, each under its name. */
export class PartsLog {
  readonly #clock: Clock;
  readonly #listener: PartListener | undefined;
  #lines: string[] = [];

  constructor(clock: Clock, listener: PartListener | undefined) {
    this.#clock = clock;
    this.#listener = listener;
  }

  of(part: string): Logger {
    return createLogger((record) => this.#take(part, record), {}, this.#clock);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  #take(part: string, record: LogRecord): void {
    this.#lines.push(JSON.stringify({ part, ...record }));
    if (this.#lines.length > MOST_LINES) this.#lines = this.#lines.slice(-MOST_LINES / 2);
    this.#listener?.(part, record);
  }
}
