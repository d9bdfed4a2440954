import { cloneJson, isObject, objectAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';
import { validateAgainst } from './schema-validation.ts';

/** Fields of the object itself that its schema need not name. */
const TYPE_META = new Set(['apiVersion', 'kind', 'metadata']);

/** Prunes, then defaults, in that order as the real server does. In place. @returns the paths of what was pruned. */
export function decodeCustom(schema: JsonObject, object: KubeObject): readonly string[] {
  const pruned: string[] = [];
  pruneObject(object, schema, '', pruned, true);
  applyDefaults(object, schema);
  return pruned;
}

export function validateCustom(schema: JsonObject, object: KubeObject): FieldCause[] {
  const { metadata: _metadata, apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  const { properties, ...others } = schema;
  const own = Object.fromEntries(
    Object.entries(isObject(properties) ? properties : {}).filter(([name]) => !TYPE_META.has(name)),
  );
  const needed = Array.isArray(others['required'])
    ? { required: (others['required'] as string[]).filter((name) => !TYPE_META.has(name)) }
    : {};
  return validateAgainst({ ...others, ...needed, properties: own }, rest, '');
}

function prune(value: unknown, schema: JsonObject, path: string, pruned: string[]): void {
  if (Array.isArray(value)) {
    const items = objectAt(schema, 'items');
    (value as unknown[]).forEach((item, index) => prune(item, items, `${path}[${index}]`, pruned));
  } else if (isObject(value)) {
    pruneObject(value, schema, path, pruned, schema['x-kubernetes-embedded-resource'] === true);
  }
}

function pruneObject(
  object: JsonObject,
  schema: JsonObject,
  path: string,
  pruned: string[],
  isResource: boolean,
): void {
  const properties = objectAt(schema, 'properties');
  const additional = schema['additionalProperties'];
  for (const [key, value] of Object.entries(object)) {
    if (isResource && TYPE_META.has(key)) continue;
    const at = path === '' ? key : `${path}.${key}`;
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (isObject(property)) prune(value, property, at, pruned);
    else if (isObject(additional)) prune(value, additional, at, pruned);
    else if (additional === true || schema['x-kubernetes-preserve-unknown-fields'] === true) continue;
    else {
      delete object[key];
      pruned.push(at);
    }
  }
}

/** A default fills what is absent; a null is dropped where the schema does not allow it. */
function applyDefaults(value: unknown, schema: JsonObject): void {
  if (Array.isArray(value)) {
    const items = objectAt(schema, 'items');
    for (const item of value as unknown[]) applyDefaults(item, items);
    return;
  }
  if (!isObject(value)) return;
  const properties = objectAt(schema, 'properties');
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    if (value[name] === null && property['nullable'] !== true) delete value[name];
    if (value[name] === undefined && property['default'] !== undefined) value[name] = cloneJson(property['default']);
    if (value[name] !== undefined) applyDefaults(value[name], property);
  }
  const additional = schema['additionalProperties'];
  if (!isObject(additional)) return;
  for (const [name, item] of Object.entries(value)) {
    if (Object.hasOwn(properties, name)) continue;
    if (item === null && additional['nullable'] !== true) delete value[name];
    else applyDefaults(item, additional);
  }
}
