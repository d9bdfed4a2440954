import type { KubeObject } from '../kube-object.ts';
import type { Definition, Definitions } from './definitions.ts';
import { applyRuleDefaults } from './rule-defaults.ts';

type Json = Record<string, unknown>;

/** Sets what the server sets when it decodes an object and writes it again: plain defaults, and those that follow from other fields. In place. */
export function applyDefaults(definitions: Definitions, definition: Definition, object: KubeObject): void {
  applyRuleDefaults(definition.name, object);
  fillDefaults(definitions, definition, object);
}

function fillDefaults(definitions: Definitions, definition: Definition, object: Json): void {
  for (const field of definition.defaults) {
    if (object[field.name] === undefined) object[field.name] = structuredClone(field.defaultValue);
  }
  for (const [name, value] of Object.entries(object)) {
    const type = definition.fields.get(name)?.type;
    if (typeof value !== 'object' || value === null || !type) continue;
    if (type.definition !== undefined) fillDefaults(definitions, definitions.get(type.definition), value as Json);
    const element = type.element?.definition;
    if (element === undefined) continue;
    for (const entry of Object.values(value)) fillDefaults(definitions, definitions.get(element), entry as Json);
  }
}
