import type { CapturedAnswer } from './observer.ts';

/** Bytes of answers that are kept; beyond it the oldest go. */
const MOST_BYTES = 256 * 1024 * 1024;

/** What the actors were answered, for whoever looks for leaks. */
export class AnswerLog {
  readonly #answers: CapturedAnswer[] = [];
  #bytes = 0;

  take(answer: CapturedAnswer): void {
    this.#answers.push({ ...answer, body: onItsOwn(answer.body) });
    this.#bytes += answer.body.length;
    while (this.#bytes > MOST_BYTES) this.#bytes -= this.#answers.shift()?.body.length ?? this.#bytes;
  }

  all(): readonly CapturedAnswer[] {
    return [...this.#answers];
  }
}

/** A short body is a view of the 64 KB in which it came in, and would keep them all. */
function onItsOwn(body: Uint8Array): Uint8Array {
  return body.buffer.byteLength > 2 * body.length ? new Uint8Array(body) : body;
}
