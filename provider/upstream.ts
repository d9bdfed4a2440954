import type { Response } from 'undici';
import { WavetankError } from '../core/errors.ts';
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
  readonly text: string;
}

/**
 * One bounded request to a service we are configured with.
 * @throws WavetankError UPSTREAM_TIMEOUT, UPSTREAM_TOO_LARGE, or what the network threw
 */
export async function askUpstream(seams: Seams, url: string, request: UpstreamRequest): Promise<UpstreamAnswer> {
  const limit = new AbortController();
  const timer = seams.clock.after(request.timeoutMs, () =>
    limit.abort(new WavetankError('UPSTREAM_TIMEOUT', `No answer within ${request.timeoutMs} ms.`)),
  );
  try {
    const response = await seams.net.fetch(url, {
      method: request.method ?? 'GET',
      headers: request.headers ?? {},
      body: request.body ?? null,
      redirect: 'error',
      signal: limit.signal,
    });
    return { status: response.status, text: await boundedText(response, request.maxBytes) };
  } finally {
    timer.cancel();
  }
}

async function boundedText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new WavetankError('UPSTREAM_TOO_LARGE', `The answer is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
