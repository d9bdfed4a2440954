import type { ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import type { WorkFlow } from '../api/workflow.ts';
import type { Reflector } from '../kubernetes/reflector.ts';
import type { Jobs, JobSelector } from './jobs.ts';
import { OperatorRefusal } from './refusal.ts';

const HEARTBEAT_MS = 15_000;
const MAX_STREAMS = 1000;

/**
 * Tells listeners of jobs as they change: server-sent events named `job`, each with a job object, the present state first.
 * A reader that does not read is let go: its state is one request away, and memory here is bounded.
 */
export class JobEvents {
  readonly #jobs: Jobs;
  readonly #clock: Clock;
  readonly #streams = new Set<Stream>();

  constructor(jobs: Jobs, workflows: Reflector<WorkFlow>, clock: Clock) {
    this.#jobs = jobs;
    this.#clock = clock;
    workflows.cache.onChange((_key, workflow) => {
      if (workflow) for (const stream of this.#streams) stream.notice(workflow);
    });
  }

  /** @throws OperatorRefusal TOO_MANY_STREAMS */
  open(selector: JobSelector, response: ServerResponse): void {
    if (this.#streams.size >= MAX_STREAMS)
      throw new OperatorRefusal(503, 'TOO_MANY_STREAMS', 'Too many clients are listening.');
    const stream = new Stream(selector, response, this.#jobs, this.#clock, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    stream.start();
  }

  stop(): void {
    for (const stream of this.#streams) stream.end();
  }
}

class Stream {
  readonly #selector: JobSelector;
  readonly #response: ServerResponse;
  readonly #jobs: Jobs;
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  readonly #last = new Map<string, string>();
  #isSending = false;
  #isDirty = false;
  #isEnded = false;
  #heartbeat: { cancel(): void } | undefined;

  constructor(selector: JobSelector, response: ServerResponse, jobs: Jobs, clock: Clock, onEnd: () => void) {
    this.#selector = selector;
    this.#response = response;
    this.#jobs = jobs;
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  start(): void {
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      connection: 'keep-alive',
    });
    // Node keeps them until something is written, and with no job there is nothing before the first sign of life.
    this.#response.flushHeaders();
    this.#response.on('close', () => this.end());
    this.#beat();
    this.#send();
  }

  notice({ spec }: WorkFlow): void {
    const { jobId } = this.#selector;
    if (jobId === undefined || spec.jobId === jobId) this.#send();
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#heartbeat?.cancel();
    this.#onEnd();
    this.#response.end();
  }

  /** One reading at a time; changes meanwhile ask for one more. Only what differs from the last word is sent. */
  #send(): void {
    this.#isDirty = true;
    if (this.#isSending) return;
    this.#isSending = true;
    void this.#sendUntilClean()
      .catch(() => this.end())
      .finally(() => (this.#isSending = false));
  }

  async #sendUntilClean(): Promise<void> {
    while (this.#isDirty && !this.#isEnded) {
      this.#isDirty = false;
      for (const job of await this.#jobs.find(this.#selector)) {
        const text = JSON.stringify(job);
        if (this.#last.get(job.jobId) === text) continue;
        this.#last.set(job.jobId, text);
        this.#write(`event: job\ndata: ${text}\n\n`);
      }
    }
  }

  #beat(): void {
    this.#heartbeat = this.#clock.after(HEARTBEAT_MS, () => {
      this.#write(': still here\n\n');
      if (!this.#isEnded) this.#beat();
    });
  }

  #write(text: string): void {
    if (!this.#isEnded && !this.#response.write(text) && this.#response.writableLength > 1024 * 1024) this.end();
  }
}
