import type { Response } from 'undici';
import { messageOf } from '../../core/errors.ts';
import type { Net } from '../../core/net.ts';
import type { Answer, Refusal } from '../scenario/checks.ts';

export interface OutsideRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** Absolute. */
  readonly url: string;
  readonly query?: Readonly<Record<string, unknown>>;
  /** Sent as JSON unless it is bytes or text, which go as octets. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Told of every answer, for whoever looks for leaks. */
export type AnswerListener = (answer: {
  readonly where: string;
  readonly status: number;
  readonly body: Uint8Array;
}) => void;

export interface OutsideHttpOptions {
  readonly net: Net;
  /** Whose client it is, for `where`. */
  readonly who: string;
  readonly onAnswer?: AnswerListener;
}

/** The largest answer that a client of ours takes into memory. */
const LARGEST_ANSWER_BYTES = 512 * 1024 * 1024;

/** HTTP as a client outside speaks it: a refusal is a value, and so is a service that does not answer (status 0). */
export class OutsideHttp {
  readonly #options: OutsideHttpOptions;

  constructor(options: OutsideHttpOptions) {
    this.#options = options;
  }

  /** The parsed JSON, or the text where it is none. */
  async json<T>(request: OutsideRequest): Promise<Answer<T>> {
    const answer = await this.bytes(request);
    return answer.ok ? { ok: true, value: parsed(answer.value.bytes) as T } : answer;
  }

  async bytes(
    request: OutsideRequest,
  ): Promise<Answer<{ readonly bytes: Uint8Array; readonly headers: Response['headers'] }>> {
    const opened = await this.open(request);
    if (!opened.ok) return opened;
    try {
      const bytes = await readBounded(opened.value);
      this.#tell(request, opened.value.status, bytes);
      return { ok: true, value: { bytes, headers: opened.value.headers } };
    } catch (error) {
      return unreachable(`The answer broke off: ${messageOf(error)}`);
    }
  }

  /** A successful answer whose body is still to be read; a refusal is read here. */
  async open(request: OutsideRequest): Promise<Answer<Response>> {
    let response: Response;
    try {
      response = await this.#send(request);
    } catch (error) {
      request.signal?.throwIfAborted();
      return unreachable(messageOf(error));
    }
    if (response.ok) return { ok: true, value: response };
    const body = await readBounded(response).catch(() => new Uint8Array());
    this.#tell(request, response.status, body);
    return { ok: false, refusal: refusalOf(response.status, parsed(body)) };
  }

  async #send({ method = 'GET', url, query, body, headers, signal }: OutsideRequest): Promise<Response> {
    const target = new URL(url);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) target.searchParams.set(name, textOf(value));
    }
    const isRaw = body instanceof Uint8Array || typeof body === 'string';
    const type = isRaw ? 'application/octet-stream' : 'application/json';
    return this.#options.net.fetch(target, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
      body: body === undefined ? null : isRaw ? body : JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
  }

  #tell({ method = 'GET', url }: OutsideRequest, status: number, body: Uint8Array): void {
    const { who, onAnswer } = this.#options;
    onAnswer?.({ where: `${who} ${method} ${new URL(url).pathname}`, status, body });
  }
}

/** The Provider's body: the classic `error` or `errors` with `code`, `field`, `rule` and `explain` beside. */
export function refusalOf(status: number, body: unknown): Refusal {
  const { code, field, rule, explain, error, message } = (typeof body === 'object' && body ? body : {}) as Record<
    string,
    unknown
  >;
  const text = [explain, error, message, body].find((one) => one !== undefined && one !== '');
  return {
    status,
    code: optionalText(code),
    field: optionalText(field),
    rule: optionalText(rule),
    message: text === undefined ? undefined : textOf(text),
  };
}

export function unreachable(message: string): Answer<never> {
  return { ok: false, refusal: { status: 0, code: 'UNREACHABLE', message } };
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parsed(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > LARGEST_ANSWER_BYTES) throw new Error(`more than ${LARGEST_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
