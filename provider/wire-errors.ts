import { messageOf } from '../core/errors.ts';
import { redact } from '../core/redact.ts';
import type { ErrorCode } from './codes.ts';
import { CODES } from './codes.ts';
import { Refused } from './refusal.ts';

export interface WireError {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Fastify's own errors: what it threw before a handler ran. */
interface FrameworkError {
  readonly statusCode?: number;
  readonly code?: string;
  readonly validation?: readonly {
    readonly instancePath: string;
    readonly message?: string;
    readonly params?: Readonly<Record<string, unknown>>;
  }[];
}

/**
 * The Provider's dialect: bodies as Provider 2.1.6 shapes them, with `code`, `field`, `rule` and `explain` beside.
 * An unknown error says its request id and nothing else; the classic stack echoed the request, signature included.
 */
export function wireErrorOf(error: unknown, requestId: string): WireError {
  if (error instanceof Refused) return refusalBody(error);
  const framework = error as FrameworkError;
  if (framework.validation) return validationBody(framework.validation);
  if (framework.statusCode === 413) return plain('BODY_TOO_LARGE', 'body', 'The body is too large.');
  if (framework.statusCode === 415)
    return plain('INVALID_REQUEST', 'content-type', 'Unsupported content type.', 'request.contentType');
  if (framework.statusCode !== undefined && framework.statusCode >= 400 && framework.statusCode < 500) {
    return plain('INVALID_REQUEST', 'body', redact(messageOf(error)), 'request.syntax');
  }
  return { status: 500, body: { error: 'Internal error', code: 'INTERNAL', requestId } };
}

export function notFound(): WireError {
  return plain('NOT_FOUND', 'path', '404 Not Found: The requested URL was not found on the server.');
}

export function methodNotAllowed(): WireError {
  return plain('METHOD_NOT_ALLOWED', 'method', 'Method Not Allowed');
}

/** What is no request at all: no path that can be read, no HTTP. */
export function badSyntax(): WireError {
  return plain('INVALID_REQUEST', 'request', 'The request is malformed.', 'request.syntax');
}

function refusalBody({ reason, shape, status }: Refused): WireError {
  const beside = { code: reason.code, field: reason.field, rule: reason.rule, explain: reason.message };
  if (shape === 'fields') return { status, body: { error: { [reason.field]: reason.classic }, ...beside } };
  if (shape === 'text') return { status, body: { error: reason.classic, ...beside } };
  const errors = { [reason.field]: [reason.classic] };
  return { status, body: { success: false, message: 'Validation error', errors, error: reason.classic, ...beside } };
}

function validationBody(problems: NonNullable<FrameworkError['validation']>): WireError {
  const [first] = problems;
  const missing = first?.params?.['missingProperty'];
  const path = (first?.instancePath ?? '').slice(1).replaceAll('/', '.');
  const field = [path, typeof missing === 'string' ? missing : ''].filter((part) => part !== '').join('.') || 'request';
  const text =
    typeof missing === 'string'
      ? `The ${field} field is required.`
      : `The ${field} field ${first?.message ?? 'is invalid'}.`;
  return refusalBody(
    new Refused({ code: 'INVALID_REQUEST', field, rule: 'request.field', message: text, classic: text }, 'validation'),
  );
}

function plain(code: ErrorCode, field: string, message: string, rule = 'request'): WireError {
  return { status: CODES[code].status, body: { error: message, code, field, rule, explain: message } };
}
