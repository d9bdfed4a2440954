import fc from 'fast-check';
import type { WorkflowRequest } from '../../../core/protocol/workflow.ts';
import { OWNER, workflowRequest } from '../operator/operator-lab.ts';
import { anyText, anything, headerJunk, nasty } from './junk.ts';

const BASE = '/api/v1/operator';

const parameter = fc.oneof(
  { weight: 3, arbitrary: nasty },
  { weight: 1, arbitrary: anyText(40) },
  { weight: 2, arbitrary: fc.constantFrom(OWNER, OWNER.toLowerCase(), '0'.repeat(32), 'jobs/../x', '1', '0') },
);

const target = fc
  .tuple(
    fc.constantFrom('compute', 'compute', 'compute', 'getResult', 'runningjobs', 'environments', 'nothing', '../x', ''),
    fc.dictionary(fc.constantFrom('jobId', 'owner', 'agreementId', 'index', 'chainId', '__proto__'), parameter, {
      maxKeys: 4,
    }),
  )
  .map(([route, query]) => {
    const text = new URLSearchParams(query).toString();
    return `${BASE}/${route}${text === '' ? '' : `?${text}`}`;
  });

/** One change of a workflow: a path of keys, and what is put there. */
const change = fc.record({
  path: fc.constantFrom(
    'workflow',
    'workflow.stages',
    'workflow.stages.0',
    'workflow.stages.0.index',
    'workflow.stages.0.input',
    'workflow.stages.0.input.0.files',
    'workflow.stages.0.input.0.files.0.url',
    'workflow.stages.0.input.0.ddo',
    'workflow.stages.0.input.0.userdata',
    'workflow.stages.0.algorithm.container.image',
    'workflow.stages.0.algorithm.rawcode',
    'workflow.stages.0.algorithm.algocustomdata',
    'workflow.stages.0.compute',
    'workflow.stages.0.output',
    'jobId',
    'agreementId',
    'owner',
    'providerAddress',
    'environment',
    'validUntil',
    'nonce',
    'chainId',
    'requestId',
  ),
  value: anything,
});

export interface OperatorFuzzRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly proof: 'key' | 'forged' | 'none' | 'stale' | { readonly nonce: string; readonly signature: string };
  readonly body: 'none' | 'workflow' | { readonly text: string };
  readonly changes: readonly { readonly path: string; readonly value: unknown }[];
}

export const operatorRequest: fc.Arbitrary<OperatorFuzzRequest> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD'),
  target,
  headers: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: headerJunk }),
  proof: fc.oneof(
    { weight: 6, arbitrary: fc.constant('key' as const) },
    { weight: 2, arbitrary: fc.constantFrom('forged' as const, 'none' as const, 'stale' as const) },
    { weight: 1, arbitrary: fc.record({ nonce: nasty, signature: nasty }) },
  ),
  body: fc.oneof(
    fc.constantFrom('none' as const, 'workflow' as const),
    fc.record({ text: fc.oneof(nasty, fc.constantFrom('{', '[]', 'null', '{"owner":{}}', '['.repeat(50_000))) }),
  ),
  changes: fc.array(change, { maxLength: 2 }),
});

/** The body that a request sends. Untouched, it is the same job every time: what was made once is found again. */
export function bodyOf({ method, body, changes }: OperatorFuzzRequest): string {
  if (method === 'GET' || method === 'HEAD' || body === 'none') return '';
  if (body !== 'workflow') return body.text;
  const workflow = structuredClone(workflowRequest('http://127.0.0.1:1')) as WorkflowRequest & Record<string, unknown>;
  for (const { path, value } of changes) put(workflow, path.split('.'), value);
  return JSON.stringify(workflow);
}

function put(holder: unknown, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path;
  if (typeof holder !== 'object' || holder === null || name === undefined) return;
  const record = holder as Record<string, unknown>;
  if (rest.length === 0) record[name] = value;
  else put(record[name], rest, value);
}
