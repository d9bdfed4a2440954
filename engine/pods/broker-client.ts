import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BrokerRefusal } from './broker-refusal.ts';
import { Patience } from './patience.ts';
import type { PodSettings } from './settings.ts';

export interface BrokerCall {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly headers?: Record<string, string>;
  /** Called once per attempt, so that a retry sends the whole body again. */
  readonly body?: () => Readable | string;
}

const IDLE_LIMIT_MS = 60_000;
const CONNECT_LIMIT_MS = 10_000;

/** The only connection that a job pod has. One keep-alive socket; failures that may pass are tried again, a bounded number of times. */
export class BrokerClient {
  readonly #settings: PodSettings;
  readonly #agent: Agent;

  constructor(settings: PodSettings) {
    this.#settings = settings;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 4 });
    if (settings.egressSocket) routeThrough(this.#agent, settings.egressSocket, settings.brokerUrl);
  }

  /** Sends a call and hands its answer to `read`; both are repeated when the connection fails or the broker is not ready. */
  async call<T>(call: BrokerCall, read: (answer: IncomingMessage) => Promise<T>): Promise<T> {
    const patience = new Patience();
    for (;;) {
      try {
        return await read(await this.#once(call));
      } catch (error) {
        const pauseMs = patience.after(error);
        if (pauseMs === undefined) throw error;
        // A broker that died without a word left other connections dead, too: each would be waited for in vain.
        if (!(error instanceof BrokerRefusal)) this.#closeIdle();
        await pause(pauseMs);
      }
    }
  }

  async json<T>(call: BrokerCall): Promise<T> {
    return this.call(call, async (answer) => JSON.parse(await textOf(answer)) as T);
  }

  close(): void {
    this.#agent.destroy();
  }

  #closeIdle(): void {
    for (const socket of Object.values(this.#agent.freeSockets).flat()) socket?.destroy();
  }

  async #once({ method, path, headers = {}, body }: BrokerCall): Promise<IncomingMessage> {
    const { brokerUrl, token } = this.#settings;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing = request(
      new URL(path, brokerUrl),
      { method, agent: this.#agent, headers: { authorization: `Bearer ${token}`, ...headers } },
      resolve,
    );
    outgoing.setTimeout(IDLE_LIMIT_MS, () => outgoing.destroy(new Error('the broker was silent for too long')));
    outgoing.on('error', reject);
    const content = body?.();
    if (content === undefined || typeof content === 'string') outgoing.end(content);
    else pipeline(content, outgoing).catch(reject);
    const answer = await promise;
    if ((answer.statusCode ?? 500) >= 300) throw await refusalOf(answer);
    return answer;
  }
}

/** `http.Agent` opens its connections through this method: a CONNECT over the Unix socket takes the place of TCP. */
function routeThrough(agent: Agent, socketPath: string, target: URL): void {
  const authority = `${target.hostname}:${target.port || '80'}`;
  const createConnection = (_options: unknown, done: (error: Error | null, socket?: Socket) => void): void => {
    const socket = connect(socketPath);
    const fail = (error: Error): void => {
      socket.destroy();
      done(error);
    };
    socket.setTimeout(CONNECT_LIMIT_MS, () => fail(new Error('the egress proxy did not answer')));
    socket.once('error', fail);
    socket.once('connect', () => socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`));
    let head = '';
    socket.on('data', function onData(chunk: Buffer) {
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 && head.length < 4096) return;
      socket.removeListener('data', onData);
      socket.removeListener('error', fail);
      socket.setTimeout(0);
      if (!/^HTTP\/1\.[01] 200 /.test(head)) {
        const refusal = new Error(`the egress proxy refused: ${head.split('\r\n')[0]}`);
        // It is permitted and nobody listens there: no other than a refused connection.
        const code = /^HTTP\/1\.[01] 50[24] /.test(head) ? { code: 'ECONNREFUSED' } : {};
        return fail(Object.assign(refusal, code));
      }
      // The broker speaks only when spoken to: bytes behind the proxy's answer are nobody's.
      if (head.length > end + 4) return fail(new Error('the egress proxy said more than its answer'));
      done(null, socket);
    });
  };
  Object.assign(agent, { createConnection });
}

async function refusalOf(answer: IncomingMessage): Promise<BrokerRefusal> {
  const text = await textOf(answer);
  try {
    const { code, message } = JSON.parse(text) as { code?: string; message?: string };
    return new BrokerRefusal(answer.statusCode ?? 500, code ?? 'BROKER_ERROR', message ?? 'The broker refused.');
  } catch {
    return new BrokerRefusal(answer.statusCode ?? 500, 'BROKER_ERROR', 'The broker gave an answer that is not JSON.');
  }
}

const ANSWER_LIMIT = 64 * 1024 * 1024;

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > ANSWER_LIMIT) throw new Error('the broker answered too much');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
