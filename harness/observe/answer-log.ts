import type { CapturedAnswer } from './observer.ts';

/** Bytes of answers that are kept; beyond it the oldest go. */
const MOST_BYTES = 256 * 1024 * 1024;

/** What the actors were answered, for whoever looks for leaks. */
export class AnswerLog {
  readonly #answers: CapturedAnswer[] = [];
  #bytes = 0;

  take(answer: CapturedAnswer): void {
    this.#answers.push(answer);
    this.#bytes += answer.body.length;
    while (this.#bytes > MOST_BYTES) this.#bytes -= this.#answers.shift()?.body.length ?? this.#bytes;
  }

  all(): readonly CapturedAnswer[] {
    return [...this.#answers];
  }
}
