import http from 'node:http';
import { listen, closeServer } from '../../../core/http-listen.ts';
import { JOB_STATUS } from '../../../core/protocol/job-status.ts';
import type { ComputeJob, JobPhase, JobResult } from '../../../core/protocol/job-status.ts';
import { OPERATOR_AUTH_HEADERS, isSignedBy } from '../../../core/protocol/operator-auth.ts';
import { UNFINISHED_START_HEADER } from '../../../core/protocol/unfinished-start.ts';
import type { WorkflowRequest } from '../../../core/protocol/workflow.ts';

/** An Operator Service as far as a Provider sees one: jobs in memory, every request's signature checked. */
export interface OperatorDouble {
  readonly url: string;
  readonly started: WorkflowRequest[];
  readonly jobs: Map<string, ComputeJob>;
  /** Requests that were not signed by the Provider. */
  readonly unsigned: string[];
  /** Other Providers whose files this operator fetches. */
  inputProviders: readonly string[];
  /** What it offers. Default: the two of `ENVIRONMENTS`. */
  environments: readonly object[];
  /** How often the environments were asked for. */
  environmentQuestions: number;
  /** Called before a start is answered: throwing cuts the connection. */
  beforeStart: (workflow: WorkflowRequest) => Promise<void> | void;
  /** Ids of which it says that a start may still come to a job. */
  readonly unfinished: Set<string>;
  /** Answered to a start instead of a job. */
  refusal: { readonly status: number; readonly body: unknown } | undefined;
  moveTo(jobId: string, phase: JobPhase, results?: readonly JobResult[]): void;
  stop(): Promise<void>;
}

export const ENVIRONMENT_ADDRESS = '0x00000000000000000000000000000000000000E1';

const base = {
  cpuNumber: 1,
  cpuType: '',
  gpuNumber: 0,
  gpuType: '',
  ramGB: 1,
  diskGB: 1,
  desc: '',
  currentJobs: 0,
  maxJobs: 10,
  storageExpiry: 0,
  lastSeen: '1',
};
export const ENVIRONMENTS = [
  { ...base, id: 'free', priceMin: 0, consumerAddress: ENVIRONMENT_ADDRESS, maxJobDuration: 3600 },
  { ...base, id: 'paid', priceMin: 0.5, consumerAddress: ENVIRONMENT_ADDRESS, maxJobDuration: 3600 },
];

export async function startOperatorDouble(): Promise<OperatorDouble> {
  const jobs = new Map<string, ComputeJob>();
  const watchers = new Set<http.ServerResponse>();
  const double: OperatorDouble = {
    url: '',
    started: [],
    jobs,
    unsigned: [],
    inputProviders: [],
    environments: ENVIRONMENTS,
    environmentQuestions: 0,
    beforeStart: () => undefined,
    unfinished: new Set(),
    refusal: undefined,
    moveTo(jobId, phase, results) {
      const job = jobs.get(jobId);
      if (!job) throw new Error(`no job ${jobId}`);
      const { code, text } = JOB_STATUS[phase];
      const isEnd = 'isEnd' in JOB_STATUS[phase];
      const moved = {
        ...job,
        status: code,
        statusText: text,
        dateFinished: isEnd ? '2' : null,
        results: results ?? job.results,
      };
      jobs.set(jobId, moved);
      for (const watcher of watchers) watcher.write(`event: job\ndata: ${JSON.stringify(moved)}\n\n`);
    },
    stop: () => closeServer(server),
  };
  const server = http.createServer((request, response) => {
    answer(double, watchers, request, response).catch(() => response.destroy());
  });
  const { port } = await listen(server);
  return Object.assign(double, { url: `http://127.0.0.1:${port}` });
}

async function answer(
  double: OperatorDouble,
  watchers: Set<http.ServerResponse>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const body = await textOf(request);
  const target = request.url ?? '';
  const url = new URL(target, 'http://operator');
  const header = (name: string): string => String(request.headers[name] ?? '');
  const { address, nonce, signature } = OPERATOR_AUTH_HEADERS;
  const signed = { method: request.method ?? '', target, body, nonce: header(nonce) };
  if (!isSignedBy(signed, header(signature), header(address))) double.unsigned.push(`${request.method} ${target}`);
  const send = (status: number, value: unknown): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const owner = url.searchParams.get('owner')?.toLowerCase();
  const jobId = url.searchParams.get('jobId');
  const selected = [...double.jobs.values()].filter(
    (job) => job.owner.toLowerCase() === owner && (jobId === null || job.jobId === jobId),
  );
  switch (`${request.method} ${url.pathname.replace('/api/v1/operator', '')}`) {
    case 'GET /environments':
      double.environmentQuestions += 1;
      return send(
        200,
        double.environments.map((each) => ({ ...each, inputProviders: double.inputProviders })),
      );
    case 'POST /compute':
      return start(double, JSON.parse(body) as WorkflowRequest, send);
    case 'GET /compute':
      if (double.unfinished.has(jobId ?? '')) response.setHeader(UNFINISHED_START_HEADER, 'true');
      if (!String(request.headers.accept).includes('text/event-stream')) return send(200, selected);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const job of selected) response.write(`event: job\ndata: ${JSON.stringify(job)}\n\n`);
      response.write(': here\n\n');
      watchers.add(response);
      return;
    case 'PUT /compute':
      for (const job of selected) double.jobs.set(job.jobId, { ...job, stopreq: 1 });
      return send(
        200,
        selected.map((job) => ({ ...job, stopreq: 1 })),
      );
    case 'DELETE /compute':
      for (const job of selected) double.jobs.delete(job.jobId);
      return send(200, '');
    case 'GET /getResult':
      if (selected.length === 0) return send(404, { error: 'No such result.' });
      return sendResult(request, response);
    default:
      return send(404, { error: 'not found' });
  }
}

const RESULT = '{"w":[1]}';

/** As the Operator Service does: bytes, a name, and one range of them. */
function sendResult(request: http.IncomingMessage, response: http.ServerResponse): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const facts = { 'content-disposition': 'attachment;filename=model.json', 'content-type': 'application/octet-stream' };
  if (first === undefined) {
    response.writeHead(200, { ...facts, 'content-length': RESULT.length }).end(RESULT);
  } else if (Number(first) >= RESULT.length) {
    response.writeHead(416, { 'content-range': `bytes */${RESULT.length}`, 'content-length': 0 }).end();
  } else {
    const part = RESULT.slice(Number(first), Number(last) + 1);
    const range = { 'content-range': `bytes ${first}-${last}/${RESULT.length}`, 'content-length': part.length };
    response.writeHead(206, { ...facts, ...range }).end(part);
  }
}

async function start(
  double: OperatorDouble,
  workflow: WorkflowRequest,
  send: (status: number, value: unknown) => void,
): Promise<void> {
  await double.beforeStart(workflow);
  if (double.refusal) return send(double.refusal.status, double.refusal.body);
  double.started.push(workflow);
  const stage = workflow.workflow.stages[0];
  const job: ComputeJob = {
    agreementId: workflow.agreementId,
    jobId: workflow.jobId,
    owner: workflow.owner,
    status: 1,
    statusText: 'Warming up',
    dateCreated: '1',
    dateFinished: null,
    results: '',
    stopreq: 0,
    removed: 0,
    algoDID: stage.algorithm.id,
    inputDID: stage.input.map(({ id }) => id),
  };
  double.jobs.set(job.jobId, job);
  send(200, [job]);
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
