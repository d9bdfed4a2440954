import type { Dispatcher } from 'undici';
import type { Net, NetOptions } from '../../../../core/net.ts';
import { createNet } from '../../../../core/net.ts';

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

export interface KillingNet {
  readonly net: Net;
  /** How many writes were sent. */
  readonly writes: () => number;
  readonly killed: Promise<void>;
}

/**
 * A component's net that dies at its nth write: the write reaches the server, its answer reaches nobody. Without `killAt` it only counts.
 * What may have gone wrong before the nth write is what went wrong after the one before it.
 */
export function killingNet(killAt = Infinity): KillingNet {
  const base = createNet();
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const kill = (): void => {
    base.fence();
    resolve();
  };
  const intercept =
    (dispatch: Dispatcher.Dispatch): Dispatcher.Dispatch =>
    (options, handler) => {
      if (!WRITES.has(options.method)) return dispatch(options, handler);
      count++;
      return dispatch(options, count === killAt ? dyingHandler(handler, kill) : handler);
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
  return { net, writes: () => count, killed: promise };
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
