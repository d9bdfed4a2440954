import type { Definition, Definitions } from './definitions.ts';
import type { FieldType } from './field-type.ts';

/**
 * Numbers that are too great for their field of 32 bits, as the converter behind strategic merge patches takes them: by their last
 * 32 bits. (Every other decoder refuses them.) In place.
 */
export function wrapIntegers(definitions: Definitions, definition: Definition, object: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(object)) {
    const type = definition.fields.get(name)?.type;
    if (type !== undefined) object[name] = wrapped(definitions, type, value);
  }
}

function wrapped(definitions: Definitions, type: FieldType, value: unknown): unknown {
  if (type.form === 'integer' && type.format === 'int32' && Number.isSafeInteger(value)) return Number(value) | 0;
  if (typeof value !== 'object' || value === null) return value;
  if (type.definition !== undefined)
    wrapIntegers(definitions, definitions.get(type.definition), value as Record<string, unknown>);
  const { element } = type;
  if (element !== undefined && Array.isArray(value)) return value.map((item) => wrapped(definitions, element, item));
  return value;
}
