import { WavetankError, messageOf } from '../../core/errors.ts';

export interface JsonRpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

export type JsonRpcId = string | number | null;

export type JsonRpcAnswer =
  | { readonly jsonrpc: '2.0'; readonly id: JsonRpcId; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: JsonRpcId; readonly error: JsonRpcErrorBody };

export interface JsonRpcErrorBody {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** What a node does with one call. Throws what becomes the error body. */
export type JsonRpcHandler = (call: JsonRpcCall) => Promise<unknown>;

/** Execution reverted: geth's code, with the revert data as plain hex, which is what clients decode. */
const REVERTED = 3;
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const INTERNAL_ERROR = -32_603;

/** Longest batch that is answered; more is a mistake or an attack. */
const LONGEST_BATCH = 1_000;

/**
 * Answers the body of one HTTP request, a call or a batch. Calls of a batch run in their order: what a client
 * sends as transactions with rising nonces is mined so.
 */
export async function answerJsonRpc(body: string, handle: JsonRpcHandler): Promise<JsonRpcAnswer | JsonRpcAnswer[]> {
  const payload = parse(body);
  if (payload === undefined) return failure(null, PARSE_ERROR, 'Parse error: the body is no JSON.');
  if (!Array.isArray(payload)) return answerOne(payload, handle);
  if (payload.length === 0) return failure(null, INVALID_REQUEST, 'Invalid request: an empty batch.');
  if (payload.length > LONGEST_BATCH)
    return failure(null, INVALID_REQUEST, `Invalid request: more than ${LONGEST_BATCH} calls.`);
  const answers: JsonRpcAnswer[] = [];
  for (const call of payload as unknown[]) answers.push(await answerOne(call, handle));
  return answers;
}

async function answerOne(payload: unknown, handle: JsonRpcHandler): Promise<JsonRpcAnswer> {
  const request = readRequest(payload);
  if (!request) return failure(null, INVALID_REQUEST, 'Invalid request.');
  try {
    const result = await handle({ method: request.method, params: request.params });
    return { jsonrpc: '2.0', id: request.id, result: result ?? null };
  } catch (error) {
    return { jsonrpc: '2.0', id: request.id, error: errorBody(error) };
  }
}

function readRequest(payload: unknown): { id: JsonRpcId; method: string; params: unknown[] } | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { id, method, params } = payload as { id?: unknown; method?: unknown; params?: unknown };
  if (typeof method !== 'string') return undefined;
  if (params !== undefined && !Array.isArray(params)) return undefined;
  return { id: typeof id === 'string' || typeof id === 'number' ? id : null, method, params: params ?? [] };
}

function errorBody(error: unknown): JsonRpcErrorBody {
  const { code, data } = (error ?? {}) as { code?: unknown; data?: unknown };
  const message = messageOf(error);
  if (error instanceof WavetankError) return { code: INVALID_REQUEST, message, data: { code: error.code } };
  if (code === REVERTED) return { code: REVERTED, message, data: revertData(data) };
  return { code: typeof code === 'number' ? code : INTERNAL_ERROR, message, ...(data === undefined ? {} : { data }) };
}

function revertData(data: unknown): unknown {
  if (typeof data === 'object' && data !== null && 'data' in data) return (data as { data: unknown }).data;
  return data;
}

function failure(id: JsonRpcId, code: number, message: string): JsonRpcAnswer {
  return { jsonrpc: '2.0', id, error: { code, message } };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
