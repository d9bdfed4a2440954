import type http from 'node:http';
import type { Dispatcher, RequestInit } from 'undici';
import type { Net, NetOptions } from '../../../core/net.ts';
import { createNet } from '../../../core/net.ts';

/** A request that changes something, as it leaves a component. */
export interface Write {
  readonly method: string;
  readonly path: string;
  /** Where it is at hand: what goes to Kubernetes. */
  readonly body: string | undefined;
}

/** `before`: the request never leaves. `after`: it arrives, and its answer reaches nobody. */
export type Moment = 'before' | 'after';

/** Asked about every write of a component; what it answers is when the component dies. */
export type Verdict = (write: Write) => Moment | undefined;

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Connections that end at a given write. `onDeath` is told in the moment in which they are cut: whatever the component still
 * does is seen by nobody.
 */
export function createCrashNet(judge: Verdict, onDeath: () => void): Net {
  const base = createNet();
  const die = (): void => {
    if (base.isFenced) return;
    base.fence();
    onDeath();
  };
  const verdictOn = (write: Write): Moment | undefined =>
    base.isFenced || !WRITES.has(write.method) ? undefined : judge(write);
  const intercept =
    (dispatch: Dispatcher.Dispatch): Dispatcher.Dispatch =>
    (options, handler) => {
      const moment = verdictOn({
        method: options.method,
        path: options.path,
        body: typeof options.body === 'string' ? options.body : undefined,
      });
      if (moment === 'before') die();
      return dispatch(options, moment === 'after' ? deafHandler(handler, die) : handler);
    };
  crashAgent(base.httpAgent, verdictOn, die);
  return {
    ...base,
    get isFenced() {
      return base.isFenced;
    },
    dispatcher: base.dispatcher.compose(intercept),
    async fetch(url, init: RequestInit = {}) {
      const { pathname, search } = new URL(url);
      const body = typeof init.body === 'string' ? init.body : undefined;
      const moment = verdictOn({ method: init.method ?? 'GET', path: pathname + search, body });
      if (moment === 'before') die();
      const response = await base.fetch(url, init);
      if (moment !== 'after') return response;
      die();
      throw new Error('The connection was cut.');
    },
    child(options: NetOptions) {
      const child = base.child(options);
      return { ...child, dispatcher: child.dispatcher.compose(intercept) };
    },
  };
}

function deafHandler(handler: Dispatcher.DispatchHandler, die: () => void): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onResponseStart: die,
    onResponseData: () => undefined,
    onResponseEnd: () => undefined,
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  };
}

/** `http.Agent` takes every request through this method; a request tells of its answer by emitting it. */
function crashAgent(agent: http.Agent, verdictOn: (write: Write) => Moment | undefined, die: () => void): void {
  const target = agent as unknown as { addRequest: (request: http.ClientRequest, ...rest: unknown[]) => void };
  const add = target.addRequest.bind(agent);
  target.addRequest = (request, ...rest) => {
    const moment = verdictOn({ method: request.method, path: request.path, body: undefined });
    if (moment === 'before') die();
    if (moment === 'after') deafen(request, die);
    add(request, ...rest);
  };
}

function deafen(request: http.ClientRequest, die: () => void): void {
  const emit = request.emit.bind(request) as (event: string | symbol, ...values: unknown[]) => boolean;
  request.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event !== 'response') return emit(event, ...values);
    die();
    request.destroy(new Error('The connection was cut.'));
    return true;
  };
}
