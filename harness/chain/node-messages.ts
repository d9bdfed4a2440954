import type { ErrorCategory } from '../../core/errors.ts';
import type { JsonRpcCall } from './json-rpc.ts';
import type { NodeSettings } from './served-node.ts';

/** To the node's process, once it is ready. The first message is `start`, the last `stop`. */
export type ToNodeProcess =
  | { readonly type: 'start'; readonly settings: NodeSettings }
  | { readonly type: 'call'; readonly id: number; readonly call: JsonRpcCall }
  | { readonly type: 'stop' };

export type FromNodeProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'started'; readonly url: string }
  /** It did not start, or what it had started did not stop. */
  | { readonly type: 'failed'; readonly error: CarriedError }
  | { readonly type: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly type: 'refusal'; readonly id: number; readonly error: CarriedError }
  /** A connection to this local port ended without a request; see `watchStrayConnections`. */
  | { readonly type: 'stray'; readonly port: number }
  | { readonly type: 'stopped' };

/** As much of an error as crosses between processes: cloning alone would lose the code. */
export interface CarriedError {
  readonly message: string;
  readonly code: string | number | undefined;
  readonly category: ErrorCategory | undefined;
}

export function carriedError(error: unknown): CarriedError {
  const { message, code, category } = error as { message?: unknown; code?: unknown; category?: ErrorCategory };
  return {
    message: typeof message === 'string' ? message : String(error),
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    category,
  };
}

export function asError({ message, ...rest }: CarriedError): Error {
  return Object.assign(new Error(message), rest);
}
