import { WavetankError } from '../../core/errors.ts';

/** A Kubernetes `Status` of kind failure: the API server's own answer, or one made of an answer that was none. */
export interface KubeStatus {
  readonly kind: 'Status';
  readonly code: number;
  /** NotFound, AlreadyExists, Conflict, Invalid, Forbidden, Expired, Gone, TooManyRequests … '' where the server gave none. */
  readonly reason: string;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** What the API server refused. `status` is what it said; the error's code is always KUBE_STATUS. */
export class KubeError extends WavetankError {
  readonly status: KubeStatus;

  constructor(status: KubeStatus, request: string) {
    super('KUBE_STATUS', `${request}: ${status.message}`, {
      category: 'environment',
      details: { status: status.code, reason: status.reason, request },
    });
    this.status = status;
  }
}

export function isKubeReason(error: unknown, ...reasons: readonly string[]): error is KubeError {
  return error instanceof KubeError && reasons.includes(error.status.reason);
}

export const isNotFound = (error: unknown): error is KubeError => isKubeReason(error, 'NotFound');
export const isAlreadyExists = (error: unknown): error is KubeError => isKubeReason(error, 'AlreadyExists');
/** A lost race: read again and decide again. Also said when a uid precondition does not hold. */
export const isConflict = (error: unknown): error is KubeError => isKubeReason(error, 'Conflict');
/** The resource version is too old to watch or to continue from: list again. */
export const isExpired = (error: unknown): boolean =>
  error instanceof KubeError && (error.status.code === 410 || ['Expired', 'Gone'].includes(error.status.reason));

/** Whether the same request would be refused again, so that trying again is no use. */
export function isRefusedForGood(error: unknown): error is KubeError {
  if (!(error instanceof KubeError)) return false;
  // A full quota empties again when other jobs end.
  if (error.status.code === 403) return !error.status.message.includes('exceeded quota');
  return [400, 405, 413, 415, 422].includes(error.status.code);
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Gone',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Reads a failed answer: a `Status` where the body is one, else one made of the HTTP code. */
export function statusOf(httpStatus: number, body: string, retryAfter?: string): KubeStatus {
  const parsed = parseStatus(body);
  const fallback = REASONS[httpStatus] ?? '';
  const seconds = Number(retryAfter);
  return {
    kind: 'Status',
    code: parsed?.code ?? httpStatus,
    reason: parsed?.reason || fallback,
    message: parsed?.message || `the server answered ${httpStatus}`,
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {}),
  };
}

function parseStatus(body: string): Partial<KubeStatus> | undefined {
  try {
    const value = JSON.parse(body) as Partial<KubeStatus> | null;
    return value?.kind === 'Status' ? value : undefined;
  } catch {
    // A proxy's page or a cut answer: the HTTP code says enough.
    return undefined;
  }
}
