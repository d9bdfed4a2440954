import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, request } from 'undici';

export interface RawAnswer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON, or the text. */
  readonly body: unknown;
}

export interface RawRequest {
  readonly method?: string;
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  /** Somebody else, by impersonation. */
  readonly as?: string;
}

/** HTTP without a client library, so that nothing of an answer is hidden. */
export class RawApi {
  readonly #server: string;
  readonly #dispatcher: Agent;
  readonly #authorization: Readonly<Record<string, string>>;

  constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    const user = config.getCurrentUser();
    const pem = (text: string | undefined): Buffer | undefined => (text ? Buffer.from(text, 'base64') : undefined);
    const tls = { ca: pem(cluster?.caData), cert: pem(user?.certData), key: pem(user?.keyData) };
    this.#server = cluster?.server ?? '';
    this.#dispatcher = new Agent({
      connect: Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)),
    });
    this.#authorization = user?.token ? { authorization: `Bearer ${user.token}` } : {};
  }

  async send(path: string, { method = 'GET', body, type, accept, as }: RawRequest = {}): Promise<RawAnswer> {
    const answer = await request(this.#server + path, {
      method: method as 'GET',
      dispatcher: this.#dispatcher,
      headers: {
        ...this.#authorization,
        ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
        ...(accept === undefined ? {} : { accept }),
        ...(as === undefined ? {} : { 'impersonate-user': as }),
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.body.text();
    return { code: answer.statusCode, headers: answer.headers, body: parsed(text) };
  }

  /** The events of a watch until one of them satisfies `isLast`, or the server ends it. */
  async watch(path: string, isLast: (event: WatchEvent) => boolean = () => false): Promise<WatchEvent[]> {
    const answer = await request(this.#server + path, {
      dispatcher: this.#dispatcher,
      headers: this.#authorization,
      signal: AbortSignal.timeout(20_000),
    });
    const events: WatchEvent[] = [];
    let rest = '';
    for await (const chunk of answer.body) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line) as WatchEvent;
        events.push(event);
        if (isLast(event)) return events;
      }
    }
    return events;
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }
}

export interface WatchEvent {
  readonly type: string;
  readonly object: {
    readonly kind?: string;
    readonly code?: number;
    readonly reason?: string;
    readonly metadata?: {
      readonly name?: string;
      readonly resourceVersion?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A Status as it is told, for whole comparisons. */
export function failure(code: number, reason: string, message: string, details?: object): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details ? { details } : {}),
    code,
  };
}
