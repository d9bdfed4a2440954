import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import type { Seams } from '../../core/seams.ts';
import type { Chain } from '../chain/chains.ts';
import type { ProviderLimits } from '../config.ts';
import type { JobSelector, OperatorClient } from '../operator-client.ts';
import { refused } from '../refusal.ts';
import { parseJson } from '../upstream.ts';
import { formatEvent, readEvents } from './event-stream.ts';

export interface JobStreams {
  /**
   * Changes of a consumer's jobs as `text/event-stream`: each event `job` holds one job, the present state first.
   * `show` decides what of a job the reader may see. Ends after `limits.streamMs`; readers connect again.
   * @throws Refused TOO_MANY_STREAMS
   */
  open(selector: JobSelector, show: (job: ComputeJob) => unknown): Readable;
  closeAll(): void;
}

/** Between two looks at an Operator Service that has no stream of its own. */
const POLL_MS = 1_000;

export function createJobStreams(
  operator: OperatorClient,
  chains: readonly Chain[],
  seams: Seams,
  limits: ProviderLimits,
  /** Told before a reader is: whoever asks because of the event must not get an older answer. */
  onChange: (owner: string) => void,
): JobStreams {
  const open = new Map<AbortController, string>();

  function admit(owner: string): AbortController {
    const ofOwner = [...open.values()].filter((other) => other === owner).length;
    if (open.size >= limits.streams || ofOwner >= limits.streamsPerOwner) {
      throw refused('TOO_MANY_STREAMS', 'consumerAddress', 'stream.limit', 'Too many event streams are open.');
    }
    const controller = new AbortController();
    open.set(controller, owner);
    return controller;
  }

  return {
    open(selector, show) {
      const controller = admit(selector.owner.toLowerCase());
      const out = new PassThrough();
      const timers = startTimers(seams, limits, out, controller);
      out.once('close', () => controller.abort());
      controller.signal.addEventListener('abort', () => {
        timers.forEach((timer) => timer.cancel());
        open.delete(controller);
        out.end();
      });
      out.write(': connected\n\n');
      const emit = createEmitter(out, show, () => onChange(selector.owner));
      const relays = chains.map((chain) => relay(operator, chain, selector, emit, seams, controller.signal));
      Promise.all(relays)
        .catch((error: unknown) => seams.log.debug('A job stream ended.', { problem: messageOf(error) }))
        .finally(() => controller.abort());
      return out;
    },
    closeAll: () => [...open.keys()].forEach((controller) => controller.abort()),
  };
}

function startTimers(seams: Seams, limits: ProviderLimits, out: PassThrough, controller: AbortController): Timer[] {
  const timers: Timer[] = [seams.clock.after(limits.streamMs, () => controller.abort())];
  const beat = (): void => {
    if (controller.signal.aborted) return;
    out.write(': heartbeat\n\n');
    timers[1] = seams.clock.after(limits.heartbeatMs, beat);
  };
  timers[1] = seams.clock.after(limits.heartbeatMs, beat);
  return timers;
}

type Emit = (job: ComputeJob) => void;

/** Writes a job only when what the reader may see of it has changed. A reader that stops reading is cut off. */
function createEmitter(out: PassThrough, show: (job: ComputeJob) => unknown, onChange: () => void): Emit {
  const lastShown = new Map<string, string>();
  return (job) => {
    const data = JSON.stringify(show(job));
    if (lastShown.get(job.jobId) === data) return;
    lastShown.set(job.jobId, data);
    onChange();
    if (out.writableLength > MAX_UNREAD_BYTES) out.destroy();
    else out.write(formatEvent({ event: 'job', data }));
  };
}

const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

async function relay(
  operator: OperatorClient,
  chain: Chain,
  selector: JobSelector,
  emit: Emit,
  seams: Seams,
  signal: AbortSignal,
): Promise<void> {
  const upstream = await operator.events(chain.signer, selector, signal);
  if (!String(upstream.headers['content-type'] ?? '').startsWith('text/event-stream')) {
    upstream.body.destroy();
    return poll(operator, chain, selector, emit, seams, signal);
  }
  for await (const { data } of readEvents(upstream.body)) {
    const parsed = parseJson(data);
    for (const job of Array.isArray(parsed) ? parsed : [parsed]) if (isJob(job)) emit(job);
  }
}

async function poll(
  operator: OperatorClient,
  chain: Chain,
  selector: JobSelector,
  emit: Emit,
  seams: Seams,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const job of await operator.status(chain.signer, selector)) emit(job);
    await seams.clock.sleep(POLL_MS, signal);
  }
}

function isJob(value: unknown): value is ComputeJob {
  const { jobId, status } = (value ?? {}) as Partial<ComputeJob>;
  return typeof jobId === 'string' && typeof status === 'number';
}
