import { z } from 'zod';
import type { DocumentedAnswer, DocumentedHeader, DocumentedRoute, OpenApiDocument } from '../../core/openapi.ts';
import { openApiDocument } from '../../core/openapi.ts';
import { OPERATOR_AUTH_HEADERS } from '../../core/protocol/operator-auth.ts';
import { workflowSchema } from './workflow-request.ts';

const BASE = '/api/v1/operator';
const JSON_TYPE = 'application/json';

const PROVIDER_PROOF: readonly DocumentedHeader[] = [
  { name: OPERATOR_AUTH_HEADERS.address, description: 'Address of the Provider that asks.', required: true },
  {
    name: OPERATOR_AUTH_HEADERS.nonce,
    description: 'Microseconds since the epoch, good for one time.',
    required: true,
  },
  {
    name: OPERATOR_AUTH_HEADERS.signature,
    description: 'Over method, target, body hash and nonce.',
    required: true,
  },
];
const RANGE: DocumentedHeader = { name: 'Range', description: 'One range of bytes (RFC 9110).', required: false };

const decimalText = z.string().regex(/^\d+(\.\d+)?$/);

const job = z.strictObject({
  agreementId: z.string(),
  jobId: z.string().regex(/^[0-9a-f]{32}$/),
  owner: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  status: z.int(),
  statusText: z.string(),
  dateCreated: decimalText,
  dateFinished: decimalText.nullable(),
  results: z.union([
    z.literal(''),
    z.array(
      z.strictObject({
        index: z.int().min(0),
        filename: z.string(),
        filesize: z.int().min(0),
        type: z.enum(['output', 'algorithmLog', 'configrationLog', 'publishLog', 'filteringLog']),
      }),
    ),
  ]),
  stopreq: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  removed: z.union([z.literal(0), z.literal(1)]),
  algoDID: z.string(),
  inputDID: z.array(z.string()),
  environment: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});

const environment = z.strictObject({
  id: z.string(),
  cpuNumber: z.number(),
  cpuType: z.string(),
  gpuNumber: z.number(),
  gpuType: z.string(),
  ramGB: z.number(),
  diskGB: z.number(),
  priceMin: z.number(),
  desc: z.string(),
  currentJobs: z.int().min(0),
  maxJobs: z.int().min(0),
  consumerAddress: z.string(),
  storageExpiry: z.number(),
  maxJobDuration: z.number(),
  lastSeen: decimalText,
  isolation: z.string(),
  inputProviders: z.array(z.string().regex(/^0x[0-9a-fA-F]{40}$/)),
});

const digits = z.string().regex(/^\d{1,15}$/);

/** At least one of the first three; all that are given must fit. Shorter than two characters counts as absent. */
const selector = z.object({
  jobId: z.string().optional(),
  owner: z.string().optional(),
  agreementId: z.string().optional(),
  chainId: digits.optional(),
});

const PROOF = {
  401: [
    'PROVIDER_SIGNATURE_MISSING',
    'PROVIDER_SIGNATURE_INVALID',
    'PROVIDER_NOT_ALLOWED',
    'NONCE_OUT_OF_WINDOW',
    'NONCE_USED',
  ],
  429: ['TOO_MANY_REQUESTS'],
} as const;

/** What the framework refuses before a route is asked, and what only trying again helps against. */
const ALWAYS = {
  400: ['BAD_REQUEST'],
  413: ['BAD_REQUEST'],
  503: ['ARCHIVE_FAILED', 'ARCHIVE_INCOMPLETE', 'KUBE_STATUS', 'KUBE_BODY_TOO_LARGE', 'NET_FENCED', 'INTERNAL'],
} as const;

const SELECTED = { 400: ['PARAMETER_MISSING', 'PARAMETER_INVALID', 'CHAIN_ID_INVALID', 'BODY_INVALID'] } as const;

type Codes = Readonly<Record<number, readonly string[]>>;

function refusals(...some: readonly Codes[]): Record<number, DocumentedAnswer> {
  const byStatus = new Map<number, string[]>();
  for (const codes of [ALWAYS, ...some] as readonly Codes[])
    for (const [status, names] of Object.entries(codes))
      byStatus.set(Number(status), [...(byStatus.get(Number(status)) ?? []), ...names]);
  return Object.fromEntries(
    [...byStatus].map(([status, names]): [number, DocumentedAnswer] => [
      status,
      {
        description: names.join(', '),
        content: {
          [JSON_TYPE]: z.strictObject({ error: z.string(), code: z.enum(names), field: z.string().optional() }),
        },
      },
    ]),
  );
}

const json = (description: string, schema: z.ZodType): DocumentedAnswer => ({
  description,
  content: { [JSON_TYPE]: schema },
});
const bytes = (description: string): DocumentedAnswer => ({ description, content: { '*/*': 'bytes' } });

/** Every route. POST, PUT and DELETE take their fields from the query string instead when there is one. */
export const OPERATOR_SERVICE_ROUTES: readonly DocumentedRoute[] = [
  {
    method: 'get',
    path: '/',
    summary: 'What this is',
    answers: {
      200: json('Its name.', z.strictObject({ software: z.literal('Operator service'), version: z.string() })),
      ...refusals(),
    },
  },
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    answers: { 200: json('OpenAPI 3.1.', z.looseObject({ openapi: z.literal('3.1.0') })), ...refusals() },
  },
  {
    method: 'get',
    path: `${BASE}/environments`,
    summary: 'Environments whose engine gives a sign of life',
    query: z.object({
      chainId: digits.optional(),
    }),
    answers: {
      200: json('The environments.', z.array(environment)),
      ...refusals({ 400: ['CHAIN_ID_INVALID'] }),
    },
  },
  {
    method: 'post',
    path: `${BASE}/compute`,
    summary: 'Makes the job of a workflow, or finds it: the same request names the same job',
    headers: PROVIDER_PROOF,
    body: { [JSON_TYPE]: workflowSchema },
    answers: {
      200: json('The job.', z.array(job).length(1)),
      ...refusals(PROOF, {
        400: [
          'BODY_INVALID',
          'WORKFLOW_INVALID',
          'STAGES_MISSING',
          'STAGES_MULTIPLE',
          'JOB_ID_DIFFERS',
          'ENVIRONMENT_INVALID',
          'INPUT_PROVIDER_NOT_ALLOWED',
          'AGREEMENT_IN_USE',
        ],
        403: ['PROVIDER_DIFFERS'],
        409: ['JOB_DIFFERS'],
        413: ['WORKFLOW_TOO_LARGE'],
        503: ['START_TOO_SLOW'],
      }),
    },
  },
  {
    method: 'get',
    path: `${BASE}/compute`,
    summary: 'Jobs, newest first; of those in the archive 200 at once, the next page begins at x-next-offset',
    headers: PROVIDER_PROOF,
    query: selector.extend({ offset: digits.optional(), limit: digits.optional() }),
    answers: {
      200: {
        description:
          'The jobs; to who accepts text/event-stream, every change of them. In a list of an owner, a job whose results cannot be read now has none, and resultsUnavailable in its details. An empty list with x-start-unfinished: true is of a job whose start is under way or was cut off a moment ago.',
        content: { [JSON_TYPE]: z.array(job), 'text/event-stream': 'bytes' },
      },
      ...refusals(PROOF, SELECTED, { 503: ['TOO_MANY_STREAMS'] }),
    },
  },
  {
    method: 'put',
    path: `${BASE}/compute`,
    summary: 'Asks for the end of jobs',
    headers: PROVIDER_PROOF,
    query: selector,
    answers: { 200: json('The jobs.', z.array(job)), ...refusals(PROOF, SELECTED) },
  },
  {
    method: 'delete',
    path: `${BASE}/compute`,
    summary: 'Ends jobs and removes their results and records',
    headers: PROVIDER_PROOF,
    query: selector,
    answers: { 200: json('It is done.', z.literal('')), ...refusals(PROOF, SELECTED) },
  },
  {
    method: 'get',
    path: `${BASE}/runningjobs`,
    summary: 'Unfinished jobs of the Provider that asks',
    headers: PROVIDER_PROOF,
    answers: { 200: json('The jobs.', z.array(job)), ...refusals(PROOF, SELECTED) },
  },
  {
    method: 'get',
    path: `${BASE}/getResult`,
    summary: "One result of a job, for the job's owner",
    headers: [...PROVIDER_PROOF, RANGE],
    query: z.object({ owner: z.string(), jobId: z.string(), index: z.string().regex(/^\d{1,9}$/) }),
    answers: {
      200: bytes('The bytes.'),
      206: bytes('The range that was asked for.'),
      ...refusals(PROOF, SELECTED, {
        404: ['JOB_NOT_FOUND', 'NO_RESULTS', 'NO_SUCH_RESULT', 'RESULT_GONE'],
        416: ['RANGE_NOT_SATISFIABLE'],
      }),
    },
  },
];

export function operatorServiceDocument(): OpenApiDocument {
  return openApiDocument(
    {
      title: 'Operator Service',
      version: '1',
      description:
        'Between Providers and the cluster. Refusals are `{"error", "code", "field"}`; whatever is no route answers 404 `NO_ROUTE`.',
    },
    OPERATOR_SERVICE_ROUTES,
  );
}
