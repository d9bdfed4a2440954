import type { Dispatcher } from 'undici';
import type { Net, NetOptions } from '../../../../core/net.ts';
import { createNet } from '../../../../core/net.ts';

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

export interface KillingNet {
  readonly net: Net;
  /** How many writes were sent. */
  readonly writes: () => number;
  readonly killed: Promise<void>;
  /** The nth write from now on is its last. */
  dieAt(nth: number): void;
}

/**
 * A component's net that dies at its nth write: the write reaches the server, its answer reaches nobody. Without `killAt` it only counts.
 * What may have gone wrong before the nth write is what went wrong after the one before it.
 */
export function killingNet(killAt = Infinity): KillingNet {
  const base = createNet();
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  let last = killAt;
  const kill = (): void => {
    base.fence();
    resolve();
  };
  const intercept =
    (dispatch: Dispatcher.Dispatch): Dispatcher.Dispatch =>
    (options, handler) => {
      if (!WRITES.has(options.method)) return dispatch(options, handler);
      count++;
      return dispatch(options, count === last ? dyingHandler(handler, kill) : handler);
    };
  const net: Net = {
    ...base,
    get isFenced() {
      return base.isFenced;
    },
    child(options: NetOptions) {
      const child = base.child(options);
      return { ...child, dispatcher: child.dispatcher.compose(intercept) };
    },
  };
  return { net, writes: () => count, killed: promise, dieAt: (nth) => void (last = count + nth) };
}

function dyingHandler(handler: Dispatcher.DispatchHandler, kill: () => void): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onResponseStart: kill,
    onResponseData: () => undefined,
    onResponseEnd: () => undefined,
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  };
}
