import { equalJson, isObject, objectAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { FieldCause } from '../schema-face.ts';
import { invalid as invalidValue, notSupported, required } from '../schema/validate/field-causes.ts';

/** OpenAPI v3 as structural schemas use it, with the messages and paths of the API server's validator. */
export function validateAgainst(schema: JsonObject, value: unknown, path: string): FieldCause[] {
  if (value === null && schema['nullable'] === true) return [];
  const typeCause = validateType(schema, value, path);
  if (typeCause !== undefined) return [typeCause, ...validateEnum(schema, value, path)];
  const causes = [...validateEnum(schema, value, path), ...validateJunctors(schema, value, path)];
  if (typeof value === 'string') return [...causes, ...validateString(schema, value, path)];
  if (typeof value === 'number') return [...causes, ...validateNumber(schema, value, path)];
  if (Array.isArray(value)) return [...causes, ...validateList(schema, value as unknown[], path)];
  return isObject(value) ? [...causes, ...validateFields(schema, value, path)] : causes;
}

function shown(path: string): string {
  return path === '' ? '<nil>' : path;
}

function validateType(schema: JsonObject, value: unknown, path: string): FieldCause | undefined {
  const expected = schema['type'];
  const actual = typeOf(value);
  if (schema['x-kubernetes-int-or-string'] === true)
    return actual === 'integer' || actual === 'string' ? undefined : typeInvalid(path, value, 'integer,string', actual);
  if (typeof expected !== 'string' || expected === actual || (expected === 'number' && actual === 'integer'))
    return undefined;
  // A format is checked as a type, by a part that knows the types of Go; for a list it is checked by nobody, and neither is the type.
  const format = expected === 'integer' || expected === 'number' ? undefined : schema['format'];
  if (typeof format === 'string') {
    if (actual === 'array' || actual === 'string') return undefined;
    return typeInvalid(path, value, format, GO_TYPES[actual] ?? '');
  }
  return typeInvalid(path, value, expected, actual);
}

const GO_TYPES: Readonly<Record<string, string>> = { integer: 'int64', number: 'float64', boolean: '', object: '' };

function typeInvalid(path: string, value: unknown, expected: string, actual: string): FieldCause {
  const name = shown(path);
  return {
    reason: 'FieldValueTypeInvalid',
    field: name,
    message: `Invalid value: ${JSON.stringify(actual)}: ${name} in body must be of type ${expected}: ${JSON.stringify(actual)}`,
  };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function validateEnum(schema: JsonObject, value: unknown, path: string): FieldCause[] {
  const allowed = schema['enum'];
  if (!Array.isArray(allowed) || allowed.some((item) => equalJson(item, value))) return [];
  return [notSupported(shown(path), value, allowed.map(String))];
}

function validateString(schema: JsonObject, value: string, path: string): FieldCause[] {
  const causes: FieldCause[] = [];
  const length = Array.from(value).length;
  const { maxLength, minLength, pattern, format } = schema;
  if (typeof maxLength === 'number' && length > maxLength) {
    causes.push({
      reason: 'FieldValueTooLong',
      field: shown(path),
      message: `Too long: may not be more than ${maxLength} bytes`,
    });
  }
  // The first of these is told, as the real validator does.
  else if (typeof minLength === 'number' && length < minLength)
    causes.push(invalidValue(shown(path), value, `${path} in body should be at least ${minLength} chars long`));
  else if (typeof pattern === 'string' && !new RegExp(pattern).test(value))
    causes.push(invalidValue(shown(path), value, `${path} in body should match '${pattern}'`));
  if (format === 'date-time' && !/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(value)) {
    const detail = `${path} in body must be of type date-time: ${JSON.stringify(value)}`;
    causes.push({ ...invalidValue(shown(path), value, detail), reason: 'FieldValueTypeInvalid' });
  }
  return causes;
}

function validateNumber(schema: JsonObject, value: number, path: string): FieldCause[] {
  const causes: FieldCause[] = [];
  const { maximum, minimum, multipleOf } = schema;
  const isOpenAbove = schema['exclusiveMaximum'] === true;
  const isOpenBelow = schema['exclusiveMinimum'] === true;
  if (typeof maximum === 'number' && (isOpenAbove ? value >= maximum : value > maximum)) {
    causes.push(
      invalidValue(
        shown(path),
        value,
        `${path} in body should be less than ${isOpenAbove ? '' : 'or equal to '}${maximum}`,
      ),
    );
  }
  if (typeof minimum === 'number' && (isOpenBelow ? value <= minimum : value < minimum)) {
    causes.push(
      invalidValue(
        shown(path),
        value,
        `${path} in body should be greater than ${isOpenBelow ? '' : 'or equal to '}${minimum}`,
      ),
    );
  }
  if (typeof multipleOf === 'number' && value % multipleOf !== 0)
    causes.push(invalidValue(shown(path), value, `${path} in body should be a multiple of ${multipleOf}`));
  return causes;
}

function validateList(schema: JsonObject, list: readonly unknown[], path: string): FieldCause[] {
  const causes: FieldCause[] = [];
  const { maxItems, minItems } = schema;
  if (typeof maxItems === 'number' && list.length > maxItems) {
    causes.push({
      reason: 'FieldValueTooMany',
      field: shown(path),
      message: `Too many: ${list.length}: must have at most ${maxItems} items`,
    });
  }
  if (typeof minItems === 'number' && list.length < minItems)
    causes.push(invalidValue(shown(path), list.length, `${path} in body should have at least ${minItems} items`));
  const items = objectAt(schema, 'items');
  list.forEach((item, index) => causes.push(...validateAgainst(items, item, `${path}[${index}]`)));
  return [...causes, ...validateListType(schema, list, path)];
}

/** `x-kubernetes-list-type`: a set holds no value twice, a map no combination of its keys. */
function validateListType(schema: JsonObject, list: readonly unknown[], path: string): FieldCause[] {
  const type = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  if (type !== 'set' && type !== 'map') return [];
  const odd = type === 'map' ? list.findIndex((item) => item !== null && !isObject(item)) : -1;
  if (odd >= 0) return [invalidValue(`${path}[${odd}]`, list[odd], 'must be an object for an array of list-type map')];
  const identity = (item: unknown): unknown =>
    type === 'map' && Array.isArray(keys) && isObject(item)
      ? Object.fromEntries(keys.map((key) => [String(key), item[String(key)]]))
      : item;
  return list.flatMap((item, index) => {
    // The first repetition of each is told, however often it comes.
    const times = list.slice(0, index).filter((before) => equalJson(identity(before), identity(item))).length;
    return times === 1
      ? [
          {
            reason: 'FieldValueDuplicate' as const,
            field: `${path}[${index}]`,
            message: `Duplicate value: ${JSON.stringify(identity(item))}`,
          },
        ]
      : [];
  });
}

function validateFields(schema: JsonObject, object: JsonObject, path: string): FieldCause[] {
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const causes: FieldCause[] = [];
  const { maxProperties, minProperties } = schema;
  const count = Object.keys(object).length;
  if (typeof maxProperties === 'number' && count > maxProperties) {
    causes.push({
      reason: 'FieldValueTooMany',
      field: shown(path),
      message: `Too many: ${count}: must have at most ${maxProperties} items`,
    });
  }
  if (typeof minProperties === 'number' && count < minProperties)
    causes.push(invalidValue(shown(path), count, `${path} in body should have at least ${minProperties} properties`));
  const needed = Array.isArray(schema['required']) ? (schema['required'] as string[]) : [];
  for (const name of needed) if (object[name] === undefined) causes.push(required(at(name)));
  const properties = objectAt(schema, 'properties');
  const additional = schema['additionalProperties'];
  for (const [key, value] of Object.entries(object)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : additional;
    if (isObject(property)) causes.push(...validateAgainst(property, value, at(key)));
  }
  return causes;
}

/** Structural schemas use these for validation alone, never for shape. */
function validateJunctors(schema: JsonObject, value: unknown, path: string): FieldCause[] {
  const schemas = (key: string): JsonObject[] =>
    Array.isArray(schema[key]) ? (schema[key] as unknown[]).filter(isObject) : [];
  const causes = schemas('allOf').flatMap((part) => validateAgainst(part, value, path));
  const fits = (part: JsonObject): boolean => validateAgainst(part, value, path).length === 0;
  const [anyOf, oneOf, not] = [schemas('anyOf'), schemas('oneOf'), schema['not']];
  if (anyOf.length > 0 && !anyOf.some(fits))
    causes.push(invalidValue(shown(path), value, `${path} in body must validate at least one schema (anyOf)`));
  if (oneOf.length > 0 && oneOf.filter(fits).length !== 1) {
    causes.push(
      invalidValue(
        shown(path),
        value,
        `${path} in body must validate one and only one schema (oneOf). Found ${oneOf.filter(fits).length} valid alternatives`,
      ),
    );
  }
  if (isObject(not) && fits(not))
    causes.push(invalidValue(shown(path), value, `${path} in body must not validate the schema (not)`));
  return causes;
}
