import type { KubeObject } from '../kube-object.ts';
import type { Definition, Definitions } from './definitions.ts';
import { roundTrip } from './round-trip.ts';
import { applyRuleDefaults } from './rule-defaults.ts';
import { rememberingEmpties } from './sent-empty.ts';

type Json = Record<string, unknown>;

/**
 * Reads an object into the server's own type (see round-trip.ts), sets its defaults (plain ones, and those that follow from other
 * fields) and writes it again. In place. The object has been decoded without a type error.
 */
export function applyDefaults(definitions: Definitions, definition: Definition, object: KubeObject): void {
  rememberingEmpties(object, () => {
    roundTrip(definitions, definition, object);
    applyRuleDefaults(definition.name, object);
    fillDefaults(definitions, definition, object);
  });
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
