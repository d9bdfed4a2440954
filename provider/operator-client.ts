import type { Readable } from 'node:stream';
import { request } from 'undici';
import { messageOf } from '../core/errors.ts';
import type { Seams } from '../core/seams.ts';
import type { ComputeJob } from '../core/protocol/job-status.ts';
import { UNFINISHED_START_HEADER } from '../core/protocol/unfinished-start.ts';
import type { WorkflowRequest } from '../core/protocol/workflow.ts';
import type { ProviderLimits } from './config.ts';
import { guarded } from './files/guarded.ts';
import type { Refused } from './refusal.ts';
import { refused } from './refusal.ts';
import type { Signer } from './signer.ts';
import type { UpstreamAnswer } from './upstream.ts';
import { askUpstream, parseJson } from './upstream.ts';

/** An answer of the Operator Service that is not a success; it is relayed as it came. */
export interface OperatorRefusal {
  readonly ok: false;
  readonly status: number;
  readonly body: unknown;
}

export type OperatorAnswer<T> = { readonly ok: true; readonly value: T } | OperatorRefusal;

export interface JobSelector {
  readonly owner: string;
  readonly jobId?: string | undefined;
  readonly chainId?: number | undefined;
}

/** What became of a start. */
export interface StartOutcome {
  readonly job: ComputeJob | undefined;
  /** There is no job, but the start may still come to one. */
  readonly isUnfinished: boolean;
}

/** An open answer whose body is passed on: results and event streams. */
export interface OperatorStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** Every method throws Refused OPERATOR_UNREACHABLE when there was no answer: then nobody knows whether it arrived. */
export interface OperatorClient {
  start(signer: Signer, workflow: WorkflowRequest): Promise<OperatorAnswer<readonly ComputeJob[]>>;
  status(signer: Signer, selector: JobSelector): Promise<readonly ComputeJob[]>;
  outcome(signer: Signer, selector: JobSelector & { readonly jobId: string }): Promise<StartOutcome>;
  stop(signer: Signer, selector: JobSelector): Promise<OperatorAnswer<readonly ComputeJob[]>>;
  remove(signer: Signer, selector: JobSelector): Promise<OperatorAnswer<unknown>>;
  result(
    signer: Signer,
    selector: JobSelector & { index: number; range?: string | undefined },
  ): Promise<OperatorStream>;
  events(signer: Signer, selector: JobSelector, signal: AbortSignal): Promise<OperatorStream>;
  environments(signer: Signer, chainId: number): Promise<readonly unknown[]>;
}

const BASE = '/api/v1/operator';
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** Requests overtake each other on their way, and their nonces must rise: a late one is signed anew. */
const NONCE_ATTEMPTS = 4;

export function createOperatorClient(baseUrl: string, seams: Seams, limits: ProviderLimits): OperatorClient {
  let lastNonce = 0;
  const nextNonce = (): string => {
    lastNonce = Math.max(seams.clock.now() * 1000, lastNonce + 1);
    return String(lastNonce);
  };
  const signedHeaders = (
    signer: Signer,
    method: string,
    target: string,
    body: string,
  ): Promise<Record<string, string>> => signer.signOperatorRequest({ method, target, body, nonce: nextNonce() });

  async function ask(signer: Signer, method: string, target: string, body = ''): Promise<ParsedAnswer> {
    for (let attempt = 1; ; attempt++) {
      const headers = {
        ...(await signedHeaders(signer, method, target, body)),
        ...(body === '' ? {} : { 'content-type': 'application/json' }),
      };
      const answer = await reach(() =>
        askUpstream(seams, baseUrl + target, {
          method,
          headers,
          ...(body === '' ? {} : { body }),
          timeoutMs: limits.upstreamTimeoutMs,
          maxBytes: MAX_ANSWER_BYTES,
        }),
      );
      const parsed = answer.text === '' ? '' : parseJson(answer.text);
      if (attempt === NONCE_ATTEMPTS || !isStaleNonce(answer.status, parsed))
        return { status: answer.status, header: answer.header, body: parsed };
    }
  }

  async function open(
    signer: Signer,
    target: string,
    extra: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<OperatorStream> {
    for (let attempt = 1; ; attempt++) {
      const headers = { ...extra, ...(await signedHeaders(signer, 'GET', target, '')) };
      const {
        statusCode,
        headers: answered,
        body,
      } = await reach(() => {
        const options = {
          headers,
          dispatcher: seams.net.dispatcher,
          headersTimeout: limits.upstreamTimeoutMs,
          bodyTimeout: 0,
        };
        return request(baseUrl + target, signal ? { ...options, signal } : options);
      });
      guarded(body);
      if (attempt === NONCE_ATTEMPTS || (statusCode !== 401 && statusCode !== 409))
        return { status: statusCode, headers: answered, body };
      body.destroy();
    }
  }

  async function reach<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      seams.log.warn('The Operator Service did not answer.', { problem: messageOf(error) });
      throw operatorUnreachable();
    }
  }

  const jobs = async (
    signer: Signer,
    method: string,
    target: string,
    body?: string,
  ): Promise<OperatorAnswer<readonly ComputeJob[]>> => jobsOf(await ask(signer, method, target, body));

  function known(answer: OperatorAnswer<readonly ComputeJob[]>): readonly ComputeJob[] {
    if (answer.ok) return answer.value;
    if (answer.status === 404) return [];
    seams.log.warn('The Operator Service refused a status request.', { status: answer.status });
    throw operatorUnreachable();
  }

  return {
    start: (signer, workflow) => jobs(signer, 'POST', `${BASE}/compute`, JSON.stringify(workflow)),
    status: async (signer, selector) => known(await jobs(signer, 'GET', `${BASE}/compute?${queryOf(selector)}`)),
    async outcome(signer, selector) {
      const answer = await ask(signer, 'GET', `${BASE}/compute?${queryOf(selector)}`);
      const job = known(jobsOf(answer)).find(({ jobId }) => jobId === selector.jobId);
      return { job, isUnfinished: !job && answer.header(UNFINISHED_START_HEADER) === 'true' };
    },
    stop: (signer, selector) => jobs(signer, 'PUT', `${BASE}/compute?${queryOf(selector)}`),
    async remove(signer, selector) {
      const answer = await ask(signer, 'DELETE', `${BASE}/compute?${queryOf(selector)}`);
      return answer.status >= 200 && answer.status < 300 ? { ok: true, value: answer.body } : refusalOf(answer);
    },
    result: (signer, { index, range, ...selector }) =>
      open(signer, `${BASE}/getResult?${queryOf({ ...selector, index })}`, range === undefined ? {} : { range }),
    events: (signer, selector, signal) =>
      open(signer, `${BASE}/compute?${queryOf(selector)}`, { accept: 'text/event-stream' }, signal),
    async environments(signer, chainId) {
      const answer = await ask(signer, 'GET', `${BASE}/environments?${queryOf({ chainId })}`);
      if (answer.status === 200 && Array.isArray(answer.body)) return answer.body;
      seams.log.warn('The Operator Service gave no environments.', { status: answer.status, chainId });
      throw operatorUnreachable();
    },
  };
}

interface ParsedAnswer extends Pick<UpstreamAnswer, 'status' | 'header'> {
  readonly body: unknown;
}

function jobsOf(answer: ParsedAnswer): OperatorAnswer<readonly ComputeJob[]> {
  if (answer.status === 200 && Array.isArray(answer.body)) return { ok: true, value: answer.body as ComputeJob[] };
  return refusalOf(answer);
}

function refusalOf({ status, body }: ParsedAnswer): OperatorRefusal {
  return { ok: false, status, body };
}

export function operatorUnreachable(): Refused {
  return refused(
    'OPERATOR_UNREACHABLE',
    'compute',
    'operator.answers',
    'The Operator Service cannot be reached at the moment.',
  );
}

function isStaleNonce(status: number, body: unknown): boolean {
  const { code } = (body ?? {}) as { code?: unknown };
  return (status === 401 || status === 409 || status === 400) && typeof code === 'string' && code.includes('NONCE');
}

function queryOf(values: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values) as [string, string | number | undefined][]) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.toString();
}
