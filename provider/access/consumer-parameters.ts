import type { z } from 'zod';
import type { consumerParameterSchema } from '../../core/protocol/ddo.ts';
import type { AccessDecision } from '../refusal.ts';
import { ALLOWED, denied } from '../refusal.ts';

export type ConsumerParameter = z.infer<typeof consumerParameterSchema>;

/**
 * Holds what a consumer sends against the parameters that a publisher declared; the classic Provider never looked.
 * Values may come as text, as forms send them. Names that nobody declared pass, as they always did.
 */
export function checkConsumerParameters(
  declared: readonly ConsumerParameter[] | null | undefined,
  given: unknown,
  field: string,
): AccessDecision {
  const sent = typeof given === 'object' && given !== null ? (given as Readonly<Record<string, unknown>>) : {};
  for (const parameter of declared ?? []) {
    const { name, required } = parameter;
    const value = Object.hasOwn(sent, name) ? sent[name] : undefined;
    if (value === undefined || value === null || value === '') {
      if (!required) continue;
      const message = `The parameter ${name} is required.`;
      return denied({
        code: 'CONSUMER_PARAMETER_MISSING',
        field,
        rule: 'parameter.required',
        message,
        classic: message,
      });
    }
    const wanted = unmet(parameter, value);
    if (wanted !== undefined) {
      const message = `The parameter ${name} must be ${wanted}.`;
      return denied({ code: 'CONSUMER_PARAMETER_INVALID', field, rule: 'parameter.type', message, classic: message });
    }
  }
  return ALLOWED;
}

/** What the value should be and is not. */
function unmet({ type, options }: ConsumerParameter, value: unknown): string | undefined {
  switch (type) {
    case 'text':
      return isScalar(value) ? undefined : 'text';
    case 'number':
      return isNumber(value) ? undefined : 'a number';
    case 'boolean':
      return typeof value === 'boolean' || value === 'true' || value === 'false' ? undefined : 'true or false';
    case 'select': {
      const choices = choicesOf(options);
      return isScalar(value) && (!choices || choices.includes(String(value))) ? undefined : 'one of the choices';
    }
  }
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isNumber(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value);
}

/**
 * The choices of a select: `[{"value": "label"}, …]` as Ocean's documentation has it, `{"value": "label", …}` or
 * `["value", …]`. Undefined when the publisher wrote something else: then there is nothing to hold a value against.
 */
function choicesOf(options: string | undefined): readonly string[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(options ?? '');
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  if (!Array.isArray(parsed)) return Object.keys(parsed);
  return parsed.flatMap((entry: unknown) =>
    typeof entry === 'object' && entry !== null ? Object.keys(entry) : [String(entry)],
  );
}
