import { WavetankError } from '../core/errors.ts';
import { isRedirect, readBody, sendRequest } from '../core/http-request.ts';
import type { Seams } from '../core/seams.ts';

export interface UpstreamRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface UpstreamAnswer {
  readonly status: number;
  /** As `HttpAnswer` has it. */
  header(name: string): string | undefined;
  readonly text: string;
}

/**
 * One bounded request to a service we are configured with.
 * @throws WavetankError UPSTREAM_TIMEOUT, UPSTREAM_TOO_LARGE, UPSTREAM_REDIRECTED, or what the network threw
 */
export async function askUpstream(seams: Seams, url: string, request: UpstreamRequest): Promise<UpstreamAnswer> {
  const limit = new AbortController();
  const timer = seams.clock.after(request.timeoutMs, () =>
    limit.abort(new WavetankError('UPSTREAM_TIMEOUT', `No answer within ${request.timeoutMs} ms.`)),
  );
  try {
    const answer = await sendRequest(seams.net, url, {
      method: request.method ?? 'GET',
      headers: request.headers ?? {},
      body: request.body,
      signal: limit.signal,
    });
    if (isRedirect(answer.status)) {
      answer.body.destroy();
      throw new WavetankError('UPSTREAM_REDIRECTED', 'The service sends us elsewhere, where we do not go.');
    }
    const text = await readBody(answer.body, request.maxBytes, () => tooLarge(request.maxBytes));
    return { status: answer.status, header: answer.header, text: text.toString('utf8') };
  } finally {
    timer.cancel();
  }
}

function tooLarge(maxBytes: number): WavetankError {
  return new WavetankError('UPSTREAM_TOO_LARGE', `The answer is larger than ${maxBytes} bytes.`);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
