import { redactUrlQueries } from './redact.ts';

/** What a stage has to say for itself: one JSON line per fact, for operators. Kept small and shipped to the broker at the end. */
export class PodLog {
  #lines: string[] = [];
  #dropped = 0;
  readonly #limit: number;

  constructor(limit = 2000) {
    this.#limit = limit;
  }

  write(message: string, facts: Record<string, unknown> = {}): void {
    const line = redactUrlQueries(JSON.stringify({ at: new Date().toISOString(), message, ...facts }));
    process.stdout.write(`${line}\n`);
    if (this.#lines.length < this.#limit) this.#lines.push(line);
    else this.#dropped++;
  }

  text(): string {
    const notice = this.#dropped > 0 ? [JSON.stringify({ message: 'lines dropped', count: this.#dropped })] : [];
    return [...this.#lines, ...notice, ''].join('\n');
  }
}
