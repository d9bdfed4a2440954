import type { ServerResponse } from 'node:http';
import { stringify as toYaml } from 'yaml';
import { messageOf } from '../../../../core/errors.ts';
import type { KubeStatusError } from '../kube-status.ts';
import { internalError, isKubeStatus } from '../kube-status.ts';

/** An answer before it is written. `body` is serialised already. */
export interface Answer {
  readonly code: number;
  readonly contentType: string;
  readonly body: string;
}

export function jsonAnswer(code: number, value: unknown, contentType = 'application/json'): Answer {
  return { code, contentType, body: typeof value === 'string' ? value : JSON.stringify(value) };
}

export function encoded(code: number, json: string, encoding: 'json' | 'yaml'): Answer {
  if (encoding === 'json') return { code, contentType: 'application/json', body: json };
  return { code, contentType: 'application/yaml', body: toYaml(JSON.parse(json)) };
}

/** The real mux's answer to a path that nothing serves. */
export const PAGE_NOT_FOUND: Answer = {
  code: 404,
  contentType: 'text/plain; charset=utf-8',
  body: '404 page not found\n',
};

/** A log of which there is nothing yet. */
export const NO_CONTENT: Answer = { code: 204, contentType: '', body: '' };

export function write(response: ServerResponse, answer: Answer, warnings: readonly string[] = []): void {
  if (response.headersSent || response.destroyed) return;
  const headers: Record<string, string | number | string[]> = {
    ...(answer.contentType === '' ? {} : { 'content-type': answer.contentType }),
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-cache, private',
  };
  if (warnings.length > 0) headers['warning'] = warnings.map((text) => `299 - ${JSON.stringify(text)}`);
  response.writeHead(answer.code, headers);
  response.end(response.req.method === 'HEAD' ? undefined : answer.body);
}

/** Anything thrown, as the Status that answers it. What is no Status is a mistake of ours and says so. */
export function statusOf(error: unknown): KubeStatusError {
  return isKubeStatus(error) ? error : internalError(messageOf(error));
}

export function writeError(response: ServerResponse, error: unknown): void {
  const { status, warnings } = statusOf(error);
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter !== undefined && !response.headersSent) response.setHeader('retry-after', String(retryAfter));
  if (status.code === 413) response.shouldKeepAlive = false;
  write(response, jsonAnswer(status.code, status), warnings);
}
