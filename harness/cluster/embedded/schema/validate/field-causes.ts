import type { FieldCause } from '../../schema-face.ts';

/** Any JSON object, as far as a validator knows it. */
export type Json = Record<string, unknown>;

/** Collects what is wrong; the order is the order of the answer. */
export type Causes = FieldCause[];

export function required(field: string, detail = ''): FieldCause {
  return {
    reason: 'FieldValueRequired',
    message: detail === '' ? 'Required value' : `Required value: ${detail}`,
    field,
  };
}

export function invalid(field: string, value: unknown, detail: string): FieldCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${detail}`, field };
}

export function forbidden(field: string, detail: string): FieldCause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${detail}`, field };
}

export function duplicate(field: string, value: unknown, detail = ''): FieldCause {
  const said = `Duplicate value: ${JSON.stringify(value)}`;
  return { reason: 'FieldValueDuplicate', message: detail === '' ? said : `${said}: ${detail}`, field };
}

export function notFound(field: string, value: unknown): FieldCause {
  return { reason: 'FieldValueNotFound', message: `Not found: ${JSON.stringify(value)}`, field };
}

export function tooLong(field: string, bytes: number): FieldCause {
  return { reason: 'FieldValueTooLong', message: `Too long: may not be more than ${bytes} bytes`, field };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldCause {
  const list = supported.map((entry) => JSON.stringify(entry)).join(', ');
  return {
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`,
    field,
  };
}

/** A value out of a fixed set; absent is not checked. */
export function checkOneOf(causes: Causes, field: string, value: unknown, supported: readonly string[]): void {
  if (value !== undefined && !supported.includes(String(value))) causes.push(notSupported(field, value, supported));
}

/** One cause for each thing that a name check has to say. */
export function checkName(
  causes: Causes,
  field: string,
  value: unknown,
  check: (name: string) => readonly string[],
): void {
  for (const detail of check(String(value))) causes.push(invalid(field, value, detail));
}

export function text(object: Json | undefined, name: string): string {
  const value = object?.[name];
  return typeof value === 'string' ? value : '';
}

export function child(object: Json | undefined, name: string): Json | undefined {
  const value = object?.[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function list(object: Json | undefined, name: string): readonly Json[] {
  const value = object?.[name];
  return Array.isArray(value) ? (value as Json[]) : [];
}

export function texts(object: Json | undefined, name: string): readonly string[] {
  return list(object, name) as readonly unknown[] as readonly string[];
}

export function number(object: Json | undefined, name: string): number | undefined {
  const value = object?.[name];
  return typeof value === 'number' ? value : undefined;
}
