import { WavetankError } from '../core/errors.ts';
import { CODES } from './codes.ts';
import type { ErrorCode } from './codes.ts';

/** Why something is refused: what a client needs in order to correct it. */
export interface Reason {
  /** Stable, from the catalogue. */
  readonly code: ErrorCode;
  /** Where in the request: dataset.serviceId, algorithm, nonce … */
  readonly field: string;
  /** Name of the rule that did not hold: order.validity, trust.did … */
  readonly rule: string;
  /** One sentence for people, without secrets. */
  readonly message: string;
  /** The code or sentence that the classic Provider answers here; clients read it. */
  readonly classic: string;
}

/** An expected answer, hence a value. Whoever decides returns it; the route turns it into the wire's answer. */
export type AccessDecision = { readonly allowed: true } | ({ readonly allowed: false } & Reason);

export const ALLOWED: AccessDecision = { allowed: true };

/** A decision that also found something, when it was positive. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: Reason };

export function denied(reason: Reason): AccessDecision {
  return { allowed: false, ...reason };
}

export function refuse(reason: Reason): { readonly ok: false; readonly reason: Reason } {
  return { ok: false, reason };
}

export function passed<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** How the classic body is shaped: `{error: {field: classic}}`, `{error: classic}`, or the validation body. */
export type RefusalShape = 'fields' | 'text' | 'validation';

/** Carries a refusal out of a handler. */
export class Refused extends WavetankError {
  readonly reason: Reason;
  readonly shape: RefusalShape;
  readonly status: number;

  constructor(reason: Reason, shape: RefusalShape = 'text', status: number = CODES[reason.code].status) {
    super(reason.code, reason.message, { category: 'usage' });
    this.reason = reason;
    this.shape = shape;
    this.status = status;
  }
}

/** A refusal in one sentence that is both the classic text and the explanation. */
export function refused(
  code: ErrorCode,
  field: string,
  rule: string,
  message: string,
  classic: string = message,
): Refused {
  return new Refused({ code, field, rule, message, classic });
}

export function invalidField(field: string, message: string): Refused {
  return new Refused(
    { code: 'INVALID_REQUEST', field, rule: 'request.field', message, classic: message },
    'validation',
  );
}

export function orRefuse<T>(checked: Checked<T>, shape: RefusalShape): T {
  if (checked.ok) return checked.value;
  throw new Refused(checked.reason, shape);
}
