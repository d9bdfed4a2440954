import { messageOf } from '../../core/errors.ts';
import type { RunningResource } from '../../core/resource.ts';
import type { Seams } from '../../core/seams.ts';
import { inTurn } from '../actors/in-turn.ts';

/** `previous` was the instance before: whoever has clients listens where it did. */
export type StartInstance<R extends RunningResource> = (seams: Seams, previous: R | undefined) => Promise<R>;

/**
 * A component that can be killed and started again. Each instance has a `Net` of its own: killing cuts it, so that
 * whatever the instance still does in this process reaches nobody, as if its process were gone.
 */
export class Restartable<R extends RunningResource> implements RunningResource {
  readonly #newSeams: () => Seams;
  readonly #start: StartInstance<R>;
  readonly #turn = inTurn();
  #instance: { readonly running: R; readonly seams: Seams } | undefined;
  #last: R | undefined;
  #isStopped = false;

  constructor(newSeams: () => Seams, start: StartInstance<R>) {
    this.#newSeams = newSeams;
    this.#start = start;
  }

  /** The newest instance, killed or not. */
  get current(): R {
    if (!this.#last) throw new Error('The component was never started.');
    return this.#last;
  }

  start(): Promise<void> {
    return this.#turn(() => this.#begin());
  }

  kill(): Promise<void> {
    return this.#turn(() => this.#kill());
  }

  restart(): Promise<void> {
    return this.#turn(async () => {
      await this.#kill();
      await this.#begin();
    });
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#turn(async () => {
      const instance = this.#instance;
      this.#instance = undefined;
      await instance?.running.stop();
      await instance?.seams.net.close();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #begin(): Promise<void> {
    if (this.#isStopped) return;
    const seams = this.#newSeams();
    try {
      const running = await this.#start(seams, this.#last);
      this.#instance = { running, seams };
      this.#last = running;
    } catch (error) {
      await seams.net.close();
      throw error;
    }
  }

  async #kill(): Promise<void> {
    const instance = this.#instance;
    if (!instance) return;
    this.#instance = undefined;
    instance.seams.net.fence();
    // Cut off, it can tidy nothing up any more: what is left of its stop is to free its port and its file handles.
    await instance.running
      .stop()
      .catch((error: unknown) => instance.seams.log.debug('a killed component', { reason: messageOf(error) }));
  }
}
