import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { parse } from 'yaml';
import { WavetankError } from '../../../core/errors.ts';
import type { Answer, SentRequest } from './step.ts';

interface Kubeconfig {
  readonly clusters?: readonly { cluster: { server: string; 'certificate-authority-data'?: string } }[];
  readonly users?: readonly {
    user: { 'client-certificate-data'?: string; 'client-key-data'?: string; token?: string };
  }[];
}

/** Headers that are part of an answer's meaning; the others are of the moment. */
const COMPARED_HEADERS = ['content-type', 'warning', 'retry-after', 'allow'];

/** HTTP to one API server as the administrator of a kubeconfig: whole answers, with nothing hidden. */
export class ApiConnection {
  readonly #server: string;
  readonly #dispatcher: Agent;
  readonly #authorization: Readonly<Record<string, string>>;

  /** @param kubeconfig YAML with its credentials inline, as kind and the embedded cluster write it */
  constructor(kubeconfig: string) {
    const config = parse(kubeconfig) as Kubeconfig;
    const cluster = config.clusters?.[0]?.cluster;
    const user = config.users?.[0]?.user;
    if (cluster === undefined || user === undefined)
      throw new WavetankError('KUBECONFIG_INVALID', 'the kubeconfig names no cluster and user', { category: 'usage' });
    const pem = (text: string | undefined): Buffer | undefined =>
      text === undefined ? undefined : Buffer.from(text, 'base64');
    const tls = {
      ca: pem(cluster['certificate-authority-data']),
      cert: pem(user['client-certificate-data']),
      key: pem(user['client-key-data']),
    };
    const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
    this.#server = cluster.server;
    this.#dispatcher = new Agent({ connect: given, connections: 64, headersTimeout: 60_000, bodyTimeout: 60_000 });
    this.#authorization = user.token === undefined ? {} : { authorization: `Bearer ${user.token}` };
  }

  static async fromFile(path: string): Promise<ApiConnection> {
    return new ApiConnection(await readFile(path, 'utf8'));
  }

  /** A server that breaks the connection off has answered too: with the code 0. */
  async send({ method, path, headers, body }: SentRequest): Promise<Answer> {
    try {
      const answer = await request(this.#server + path, {
        method: method as 'GET',
        dispatcher: this.#dispatcher,
        headers: { ...this.#authorization, ...headers },
        body: body ?? null,
      });
      const text = await answer.body.text();
      return { code: answer.statusCode, headers: comparedHeaders(answer.headers), body: parsed(text) };
    } catch (error) {
      return { code: 0, headers: {}, body: `the connection broke off: ${(error as Error).message}` };
    }
  }

  /** Opens a watch. `finished` is the answer with all its events, once they satisfy `isOver` or it is given up. */
  async watch(
    { path, headers }: SentRequest,
    isOver: (events: readonly unknown[]) => boolean,
    signal: AbortSignal,
  ): Promise<{ finished: Promise<Answer> }> {
    const answer = await request(this.#server + path, {
      dispatcher: this.#dispatcher,
      headers: { ...this.#authorization, ...headers },
      // A watch may be silent for as long as its sequence takes.
      bodyTimeout: 0,
      signal,
    });
    const head = { code: answer.statusCode, headers: comparedHeaders(answer.headers) };
    if (answer.statusCode !== 200)
      return { finished: answer.body.text().then((text) => ({ ...head, body: parsed(text) })) };
    return { finished: eventsOf(answer.body, isOver).then((body) => ({ ...head, body })) };
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }
}

async function eventsOf(
  stream: AsyncIterable<Buffer>,
  isOver: (events: readonly unknown[]) => boolean,
): Promise<unknown[]> {
  const events: unknown[] = [];
  let rest = '';
  try {
    for await (const chunk of stream) {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event: unknown = JSON.parse(line);
        events.push(event);
        if (isOver(events)) return events;
      }
    }
    events.push('the server ended the watch');
  } catch (error) {
    events.push(`the watch broke off: ${(error as Error).name}`);
  }
  return events;
}

function comparedHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of COMPARED_HEADERS) {
    const value = headers[name];
    if (value !== undefined) kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
