import type { Definition, Definitions, Field } from './definitions.ts';
import type { FieldType } from './field-type.ts';
import { canonicalQuantity, roundUpToMilli } from './quantity.ts';
import { canonicalTime, MICRO_TIME_LAYOUT, TIME_LAYOUT } from './times.ts';

type Json = Record<string, unknown>;

/**
 * Changes an object as reading it into the server's own type and writing it again does: fields that the type does not
 * know, nulls and empty values of optional fields go, quantities and times get their canonical form. In place.
 * The object has been decoded without a type error.
 */
export function roundTrip(definitions: Definitions, definition: Definition, object: Json): void {
  for (const [name, value] of Object.entries(object)) {
    const field = definition.fields.get(name);
    if (!field || value === null || value === undefined) {
      delete object[name];
      continue;
    }
    const next = roundTripValue(definitions, field.type, value);
    if (isDropped(field, next)) delete object[name];
    else object[name] = next;
  }
}

function isDropped(field: Field, value: unknown): boolean {
  return !field.keepsZero && isZero(value);
}

function isZero(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === '' || value === 0 || value === false;
  for (const _ in value) return false;
  return true;
}

function roundTripValue(definitions: Definitions, type: FieldType, value: unknown): unknown {
  switch (type.form) {
    case 'object':
      roundTrip(definitions, definitions.get(type.definition ?? ''), value as Json);
      return value;
    case 'list':
      return type.element ? roundTripList(definitions, type.element, value as unknown[]) : value;
    case 'map':
      return type.element ? roundTripMap(definitions, type.element, value as Json) : value;
    case 'quantity':
      return canonicalQuantity(String(value));
    case 'time':
      return canonicalTime(String(value), TIME_LAYOUT);
    case 'microTime':
      return canonicalTime(String(value), MICRO_TIME_LAYOUT);
    case 'bytes':
      return String(value).replace(/[\r\n]/g, '');
    default:
      return value;
  }
}

function roundTripList(definitions: Definitions, element: FieldType, list: unknown[]): unknown[] {
  for (const [index, entry] of list.entries()) {
    list[index] = entry === null ? emptyOf(element) : roundTripValue(definitions, element, entry);
  }
  return list;
}

function roundTripMap(definitions: Definitions, element: FieldType, map: Json): Json {
  for (const [key, entry] of Object.entries(map)) {
    // A map of quantities is a list of resources, which are kept to a thousandth.
    if (element.form === 'quantity' && entry !== null) map[key] = canonicalQuantity(String(entry), roundUpToMilli);
    else map[key] = entry === null ? emptyOf(element) : roundTripValue(definitions, element, entry);
  }
  return map;
}

/** A null among elements is the element type's zero value. */
function emptyOf(element: FieldType): unknown {
  switch (element.form) {
    case 'object':
      return {};
    case 'string':
    case 'bytes':
      return '';
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'quantity':
      return '0';
    default:
      return null;
  }
}
