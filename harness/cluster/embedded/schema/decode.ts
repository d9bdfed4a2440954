import type { DecodeResult } from '../schema-face.ts';
import type { Definition, Definitions, Field } from './definitions.ts';
import type { FieldType } from './field-type.ts';
import { parseQuantity, QuantityError } from './quantity.ts';
import { canonicalTime, MICRO_TIME_LAYOUT, TIME_LAYOUT, TimeError } from './times.ts';

/** Ends the decoding at once: what a type with a decoder of its own (Quantity, Time, IntOrString) refuses. */
class Refusal extends Error {}

interface Walk {
  readonly definitions: Definitions;
  readonly unknownFields: string[];
  /** The first wrong type: decoding goes on after it, since a refusal later on is told instead. */
  typeError: string | undefined;
}

/** Where a value stands: its field's owner and the field names from the root, as errors print them (no indices). */
interface Context {
  readonly owner: string;
  readonly path: string;
  readonly goType: string;
}

/** What the server's decoder says about an object of a type: unknown fields, and the first thing that does not fit. */
export function decodeObject(definitions: Definitions, definition: Definition, object: unknown): DecodeResult {
  const walk: Walk = { definitions, unknownFields: [], typeError: undefined };
  try {
    decodeFields(walk, definition, object as Record<string, unknown>, '', '');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { unknownFields: walk.unknownFields, typeError: error.message };
  }
  return { unknownFields: walk.unknownFields, typeError: walk.typeError };
}

function decodeFields(
  walk: Walk,
  definition: Definition,
  object: Record<string, unknown>,
  at: string,
  path: string,
): void {
  for (const [name, value] of Object.entries(object)) {
    const place = at === '' ? name : `${at}.${name}`;
    const field = definition.fields.get(name);
    if (!field) {
      walk.unknownFields.push(place);
      continue;
    }
    decodeField(walk, definition, field, value, place, path === '' ? name : `${path}.${name}`);
  }
}

function decodeField(walk: Walk, owner: Definition, field: Field, value: unknown, at: string, path: string): void {
  const context = { owner: owner.typeName, path, goType: field.goType };
  const { type } = field;
  if (value === null) return;
  if (type.form === 'list' && type.element && Array.isArray(value)) {
    const element = { ...context, goType: field.goElementType ?? '' };
    for (const [index, entry] of value.entries()) decodeValue(walk, type.element, entry, `${at}[${index}]`, element);
  } else if (type.form === 'map' && type.element && isObject(value)) {
    const element = { ...context, goType: field.goElementType ?? '' };
    for (const [key, entry] of Object.entries(value)) decodeValue(walk, type.element, entry, `${at}.${key}`, element);
  } else {
    decodeValue(walk, type, value, at, context);
  }
}

function decodeValue(walk: Walk, type: FieldType, value: unknown, at: string, context: Context): void {
  if (value === null) return;
  switch (type.form) {
    case 'object':
      if (!isObject(value)) mismatch(walk, value, context);
      else decodeFields(walk, walk.definitions.get(type.definition ?? ''), value, at, context.path);
      return;
    case 'list':
      if (!Array.isArray(value)) mismatch(walk, value, context);
      else if (type.element)
        for (const entry of value) decodeValue(walk, type.element, entry, at, { ...context, goType: 'string' });
      return;
    case 'map':
      if (!isObject(value)) mismatch(walk, value, context);
      return;
    case 'any':
      return;
    default:
      decodeScalar(walk, type, value, context);
  }
}

function decodeScalar(walk: Walk, type: FieldType, value: unknown, context: Context): void {
  switch (type.form) {
    case 'string':
      if (typeof value !== 'string') mismatch(walk, value, context);
      return;
    case 'boolean':
      if (typeof value !== 'boolean') mismatch(walk, value, context);
      return;
    case 'number':
      if (typeof value !== 'number') mismatch(walk, value, context);
      return;
    case 'integer':
      if (!isInteger(value, type.format)) mismatch(walk, value, context, true);
      return;
    case 'bytes':
      decodeBytes(walk, value, context);
      return;
    case 'intOrString':
      if (typeof value !== 'string' && !isInteger(value, 'int32'))
        throw new Refusal(mismatchText(value, context, true));
      return;
    case 'quantity':
      refuse(QuantityError, () => parseQuantity(typeof value === 'object' ? JSON.stringify(value) : String(value)));
      return;
    case 'time':
    case 'microTime': {
      if (typeof value !== 'string') throw new Refusal(mismatchText(value, context, false));
      const layout = type.form === 'time' ? TIME_LAYOUT : MICRO_TIME_LAYOUT;
      refuse(TimeError, () => canonicalTime(value, layout));
      return;
    }
    case 'any':
    case 'object':
    case 'list':
    case 'map':
      return;
  }
}

function refuse(kind: typeof QuantityError | typeof TimeError, parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (error instanceof kind) throw new Refusal(error.message);
    throw error;
  }
}

function decodeBytes(walk: Walk, value: unknown, context: Context): void {
  if (typeof value !== 'string') {
    mismatch(walk, value, context);
    return;
  }
  const wrongAt = base64ErrorAt(value);
  if (wrongAt !== undefined) walk.typeError ??= `illegal base64 data at input byte ${wrongAt}`;
}

/** The first byte at which standard, padded base64 breaks off; line breaks are skipped. */
function base64ErrorAt(text: string): number | undefined {
  const wrong = /[^A-Za-z0-9+/=\r\n]/.exec(text)?.index;
  if (wrong !== undefined) return wrong;
  const digits = text.replace(/[\r\n]/g, '');
  const padding = digits.indexOf('=');
  const length = padding === -1 ? digits.length : padding;
  const isPadded =
    padding === -1
      ? length % 4 === 0
      : length % 4 > 1 && /^={1,2}$/.test(digits.slice(padding)) && digits.length % 4 === 0;
  if (isPadded) return undefined;
  return padding === -1 ? length - (length % 4) : length % 4 > 1 ? digits.length : padding;
}

function isInteger(value: unknown, format: string | undefined): boolean {
  if (typeof value !== 'number' || !Number.isInteger(value)) return false;
  return format === 'int32' ? value >= -(2 ** 31) && value < 2 ** 31 : Math.abs(value) < 2 ** 63;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mismatch(walk: Walk, value: unknown, context: Context, isForInteger = false): void {
  walk.typeError ??= mismatchText(value, context, isForInteger);
}

function mismatchText(value: unknown, context: Context, isForInteger: boolean): string {
  return `json: cannot unmarshal ${jsonWord(value, isForInteger)} into Go struct field ${context.owner}.${context.path} of type ${context.goType}`;
}

function jsonWord(value: unknown, isForInteger: boolean): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return isForInteger ? `number ${value}` : 'number';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
