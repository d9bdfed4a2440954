import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { LogRecord } from '../../core/log.ts';
import type { Reporter, TraceBody, TraceEvent } from './events.ts';
import { TRACE_VERSION } from './events.ts';

/** Numbers events and hands them to every reporter; a reporter that breaks is set aside and remembered. */
export class Trace {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #reporters: Set<Reporter>;
  readonly #failures: string[] = [];
  #seq = 0;

  constructor(clock: Clock, reporters: readonly Reporter[]) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#reporters = new Set(reporters);
  }

  emit(body: TraceBody): void {
    const event: TraceEvent = {
      version: TRACE_VERSION,
      seq: this.#seq++,
      atMs: this.#clock.now() - this.#startedAt,
      ...body,
    };
    for (const reporter of this.#reporters) {
      try {
        reporter.onEvent(event);
      } catch (error) {
        this.#setAside(reporter, error);
      }
    }
  }

  /** A log sink for one part of the testbed. */
  partSink(part: string): (record: LogRecord) => void {
    return ({ level, message, fields }) => this.emit({ type: 'part', part, level, message, fields });
  }

  async close(): Promise<readonly string[]> {
    for (const reporter of this.#reporters) {
      try {
        await reporter.close();
      } catch (error) {
        this.#setAside(reporter, error);
      }
    }
    return this.#failures;
  }

  #setAside(reporter: Reporter, error: unknown): void {
    this.#reporters.delete(reporter);
    this.#failures.push(messageOf(error));
  }
}
