import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { parse } from 'yaml';
import type { ClusterUser, RunningApiServer } from '../api-server.ts';

export interface RawAnswer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Parsed when the answer says it is JSON. */
  readonly body: unknown;
}

export interface RawRequest {
  readonly method?: string;
  readonly body?: unknown;
  /** Sent as it is; a stream without saying its length. */
  readonly text?: string | Uint8Array | Readable;
  readonly headers?: Readonly<Record<string, string>>;
}

/** HTTP without a client library: whole answers, with nothing hidden. */
export class RawClient {
  readonly #dispatcher: Agent;
  readonly #url: string;
  readonly #token: string;

  constructor(server: RunningApiServer, user?: ClusterUser) {
    this.#url = server.url;
    this.#dispatcher = new Agent({ connect: { ca: server.caPem } });
    const config = parse(server.kubeconfig(user)) as { users: [{ user: { token: string } }] };
    this.#token = config.users[0].user.token;
  }

  async send(path: string, { method = 'GET', body, text, headers = {} }: RawRequest = {}): Promise<RawAnswer> {
    const answer = await request(this.#url + path, {
      method: method as 'GET',
      dispatcher: this.#dispatcher,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: text ?? (body === undefined ? null : JSON.stringify(body)),
    });
    const content = await answer.body.text();
    const isJson = String(answer.headers['content-type']).startsWith('application/json') && !content.includes('\n{');
    return {
      code: answer.statusCode,
      headers: answer.headers,
      text: content,
      body: isJson && content !== '' ? (JSON.parse(content) as unknown) : undefined,
    };
  }

  /** Opens a watch; each call of `next` is its next event, undefined at its end. */
  async watch(path: string): Promise<{ next(): Promise<WatchLine | undefined> }> {
    const answer = await request(this.#url + path, {
      dispatcher: this.#dispatcher,
      headers: { authorization: `Bearer ${this.#token}` },
    });
    const lines = readLines(answer.body);
    return {
      async next() {
        const { value, done } = await lines.next();
        return done ? undefined : (JSON.parse(value) as WatchLine);
      },
    };
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }
}

export interface WatchLine {
  readonly type: string;
  readonly object: {
    readonly metadata?: { readonly name?: string; readonly resourceVersion?: string; readonly annotations?: object };
    readonly [field: string]: unknown;
  };
}

async function* readLines(stream: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
