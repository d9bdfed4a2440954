import type { PatchNode } from '../schema-face.ts';
import type { Definitions, Field } from './definitions.ts';
import type { FieldType } from './field-type.ts';

/** Where a strategic merge patch of a type starts. */
export function patchRootOf(definitions: Definitions, definition: string): PatchNode {
  return objectNode(definitions, definition, undefined);
}

function objectNode(definitions: Definitions, definition: string, field: Field | undefined): PatchNode {
  return {
    strategies: field?.patchStrategies ?? [],
    mergeKey: field?.patchMergeKey,
    field(name) {
      const inner = definitions.get(definition).fields.get(name);
      return inner && nodeOf(definitions, inner.type, inner);
    },
    items: () => undefined,
  };
}

function nodeOf(definitions: Definitions, type: FieldType, field: Field | undefined): PatchNode {
  if (type.form === 'object' && type.definition !== undefined) return objectNode(definitions, type.definition, field);
  const element = type.element && (() => nodeOf(definitions, type.element ?? type, undefined));
  return {
    strategies: field?.patchStrategies ?? [],
    mergeKey: field?.patchMergeKey,
    field: () => (type.form === 'map' ? element?.() : undefined),
    items: () => (type.form === 'list' ? element?.() : undefined),
  };
}
