import { messageOf } from '../../core/errors.ts';
import type { HttpAnswer } from '../../core/http-request.ts';
import { readBody, sendRequest } from '../../core/http-request.ts';
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

  async bytes(request: OutsideRequest): Promise<Answer<{ readonly bytes: Uint8Array } & Pick<HttpAnswer, 'header'>>> {
    const opened = await this.open(request);
    if (!opened.ok) return opened;
    const { status, body, header } = opened.value;
    try {
      const bytes = await readBounded(body);
      this.#tell(request, status, bytes);
      return { ok: true, value: { bytes, header } };
    } catch (error) {
      return unreachable(`The answer broke off: ${messageOf(error)}`);
    }
  }

  /** A successful answer whose body is still to be read; a refusal is read here. */
  async open(request: OutsideRequest): Promise<Answer<HttpAnswer>> {
    let answer: HttpAnswer;
    try {
      answer = await this.#send(request);
    } catch (error) {
      request.signal?.throwIfAborted();
      return unreachable(messageOf(error));
    }
    if (answer.status >= 200 && answer.status < 300) return { ok: true, value: answer };
    const body = await readBounded(answer.body).catch(() => new Uint8Array());
    this.#tell(request, answer.status, body);
    return { ok: false, refusal: refusalOf(answer.status, parsed(body)) };
  }

  async #send({ method = 'GET', url, query, body, headers, signal }: OutsideRequest): Promise<HttpAnswer> {
    const target = new URL(url);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) target.searchParams.set(name, textOf(value));
    }
    const isRaw = body instanceof Uint8Array || typeof body === 'string';
    const type = isRaw ? 'application/octet-stream' : 'application/json';
    return sendRequest(this.#options.net, target, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
      body: body === undefined || isRaw ? body : JSON.stringify(body),
      signal,
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

function readBounded(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return readBody(body, LARGEST_ANSWER_BYTES, () => new Error(`more than ${LARGEST_ANSWER_BYTES} bytes`));
}
