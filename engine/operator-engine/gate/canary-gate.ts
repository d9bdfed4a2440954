import type { Timer } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { RunningResource } from '../../../core/resource.ts';
import { runningResource } from '../../../core/resource.ts';
import type { Seams } from '../../../core/seams.ts';
import { Backoff } from '../../kubernetes/backoff.ts';
import type { KubeClient } from '../../kubernetes/client.ts';
import type { GateControl } from '../settings.ts';
import { CANARY_POD, CONTROL_POD } from './canary-pods.ts';
import { Visits } from './visits.ts';

/** The control speaks every second. */
const GREEN_LASTS_MS = 5000;
/** What a log says again after a connection broke: visits count once, however often they are told. */
const LOOK_BACK_SECONDS = 60;

export interface CanaryGateOptions {
  /** Needs `get` on the logs of both pods. */
  readonly client: KubeClient;
  readonly seams: Pick<Seams, 'clock' | 'entropy' | 'log'>;
  /** Where the canary and the control run. */
  readonly namespace: string;
  /** Names of their pods, where they are not the usual ones. */
  readonly pods?: { readonly canary: string; readonly control: string };
}

/** What the canary and its control see, for the engine. */
export type RunningGateControl = GateControl & RunningResource;

/** Follows the logs of the canary pod and of its control, for as long as it runs. Both pods exist already. */
export function followCanary({ client, seams, namespace, pods }: CanaryGateOptions): RunningGateControl {
  const stop = new AbortController();
  const listeners: (() => void)[] = [];
  const changed = (): void => listeners.forEach((listener) => listener());
  const visits = new Visits();
  const control = new Green(seams.clock, changed);
  const follow = (name: string, take: (line: string) => void): Promise<void> =>
    followForGood({ client, seams, namespace, name, take, signal: stop.signal });
  const done = Promise.all([
    follow(pods?.canary ?? CANARY_POD, (line) => {
      if (visits.take(line)) changed();
    }),
    follow(pods?.control ?? CONTROL_POD, (line) => control.take(line)),
  ]);
  const facts: GateControl = {
    isGreen: () => control.isGreen,
    hasSeen: (address, sinceMs, greeting) => visits.has(address, sinceMs, greeting),
    onChange: (listener) => void listeners.push(listener),
  };
  return runningResource(facts, async () => {
    stop.abort();
    control.stop();
    await done;
  });
}

/** Green until it says otherwise, or nothing. */
class Green {
  readonly #clock: Seams['clock'];
  readonly #onChange: () => void;
  #timer: Timer | undefined;
  isGreen = false;

  constructor(clock: Seams['clock'], onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  take(line: string): void {
    this.#timer?.cancel();
    const isGreen = line.includes('"green":true');
    if (isGreen) this.#timer = this.#clock.after(GREEN_LASTS_MS, () => this.#set(false));
    this.#set(isGreen);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #set(isGreen: boolean): void {
    if (this.isGreen === isGreen) return;
    this.isGreen = isGreen;
    this.#onChange();
  }
}

interface FollowOptions extends Omit<CanaryGateOptions, 'pods'> {
  readonly name: string;
  readonly take: (line: string) => void;
  readonly signal: AbortSignal;
}

async function followForGood({ client, seams, namespace, name, take, signal }: FollowOptions): Promise<void> {
  const { clock, entropy, log } = seams;
  const backoff = new Backoff({ entropy, firstMs: 100, longestMs: 2000 });
  while (!signal.aborted) {
    try {
      const lines = client.followLog({ name, namespace }, { sinceSeconds: LOOK_BACK_SECONDS, signal });
      for await (const line of lines) {
        backoff.reset();
        take(line);
      }
    } catch (error) {
      if (signal.aborted) return;
      log.debug('a log cannot be followed', { pod: name, reason: messageOf(error) });
    }
    await clock.sleep(backoff.nextMs(), signal).catch(() => undefined);
  }
}
