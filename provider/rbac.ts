import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isAddress } from '../core/protocol/address.ts';
import { messageOf } from '../core/errors.ts';
import type { ProviderContext } from './context.ts';
import { firstChain } from './context.ts';
import { fieldsOf } from './input.ts';
import { refused } from './refusal.ts';
import { askUpstream, parseJson } from './upstream.ts';

/** A server that decides who may do what, beside everything that the chain says. */
export interface RbacConfig {
  readonly url: string;
  /** Told to the server: a Provider that only some may use. */
  readonly isPrivate: boolean;
}

type Action = 'initialize' | 'access' | 'compute';

const API = '/api/services';

/** Provider 2.1.6 asks for these; everything else is open to every role. */
const ACTIONS: Readonly<Record<string, Action>> = {
  [`GET ${API}/initialize`]: 'initialize',
  [`GET ${API}/download`]: 'access',
  [`POST ${API}/compute`]: 'compute',
  [`PUT ${API}/compute`]: 'compute',
  [`DELETE ${API}/compute`]: 'compute',
};

const MAX_ANSWER_BYTES = 64 * 1024;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Asks before anything else of a request is looked at, and closes when there is no answer. The classic Provider broke
 * down on a refusal, on raw algorithms and on stops, and waited without end (D9).
 */
export function installRbac(app: FastifyInstance, context: ProviderContext): void {
  const { rbac } = context.config;
  if (rbac === undefined) return;
  app.addHook('preHandler', async (request) => {
    // HEAD is asked about as GET is.
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const action = ACTIONS[`${method} ${request.routeOptions.url ?? ''}`];
    const fields = fieldsOf(request) as Fields | null;
    // Without an address there is nobody to decide about: the route itself refuses such a request.
    if (action === undefined || !isAddress(fields?.['consumerAddress'])) return;
    await ask(context, rbac, await payloadOf(context, rbac, action, fields as Fields), request);
  });
}

async function ask(
  { seams, config }: ProviderContext,
  { url }: RbacConfig,
  payload: object,
  request: FastifyRequest,
): Promise<void> {
  const answer = await askUpstream(seams, url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payload),
    timeoutMs: config.limits.upstreamTimeoutMs,
    maxBytes: MAX_ANSWER_BYTES,
  }).catch((error: unknown) => {
    seams.log.warn('The server of roles did not answer.', { requestId: request.id, problem: messageOf(error) });
    return undefined;
  });
  const said = answer && answer.status < 300 ? parseJson(answer.text) : undefined;
  if (said === undefined)
    throw refused('RBAC_UNREACHABLE', 'consumerAddress', 'rbac.answers', 'The server of roles cannot be asked.');
  if (!isTruthy(said))
    throw refused('RBAC_DENIED', 'consumerAddress', 'rbac.allows', "The consumer's role does not allow this.");
}

/** The classic body, signed over action, credentials and, for jobs, the three lists. */
async function payloadOf(
  { chains }: ProviderContext,
  { isPrivate }: RbacConfig,
  action: Action,
  fields: Fields,
): Promise<object> {
  const { signer } = firstChain(chains);
  const credentials = { type: 'address', value: fields['consumerAddress'] };
  const base = {
    eventType: action,
    component: 'provider',
    providerAddress: signer.address,
    providerAccess: isPrivate ? 'private' : 'public',
    credentials,
  };
  if (action !== 'compute')
    return {
      ...base,
      signature: await signer.signMessage(action + pythonJson(credentials)),
      dids: elementsOf([fields]),
    };
  // A stop names its dataset beside its job; a start has it inside.
  const dids = elementsOf([fields['dataset'] ?? fields]);
  const algos = elementsOf([fields['algorithm']]);
  const additionalDids = elementsOf(listOf(fields['additionalDatasets']));
  const message = action + [credentials, dids, algos, additionalDids].map(pythonJson).join('');
  return { ...base, signature: await signer.signMessage(message), dids, algos, additionalDids };
}

/** What has a DID: raw code and missing elements have none. */
function elementsOf(values: readonly unknown[]): { did: string; serviceId: unknown }[] {
  return values.flatMap((value) => {
    const { documentId, serviceId } = (value ?? {}) as Fields;
    return typeof documentId === 'string' && documentId !== ''
      ? [{ did: documentId, serviceId: serviceId ?? null }]
      : [];
  });
}

function listOf(value: unknown): readonly unknown[] {
  const list = typeof value === 'string' ? parseJson(value) : value;
  return Array.isArray(list) ? list : [];
}

/** As Python's `json.dumps` writes it: a space behind every comma and colon, ASCII alone. The signature is over it. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, each]) => `${pythonJson(key)}: ${pythonJson(each)}`);
    return `{${entries.join(', ')}}`;
  }
  return (JSON.stringify(value) ?? 'null').replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** As Python sees it: empty lists and objects are no consent either. */
function isTruthy(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
