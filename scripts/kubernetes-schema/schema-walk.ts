import { assert } from '../../core/errors.ts';
import type { FieldType } from '../../harness/cluster/embedded/schema/field-type.ts';
import { fieldType } from '../../harness/cluster/embedded/schema/field-type.ts';
import type { KindEntry } from './discovery.ts';
import type { OpenApiParts } from './openapi.ts';

export type Json = Record<string, unknown>;

export function fieldsOf(parts: OpenApiParts, definition: string): Record<string, FieldType> {
  const properties = (parts.definitions[definition]?.['properties'] ?? {}) as Record<string, Json>;
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, fieldType(schema)]));
}

/** The definition of a served kind. */
export function definitionOf(parts: OpenApiParts, kind: { group: string; version: string; kind: string }): string {
  for (const [name, schema] of Object.entries(parts.definitions)) {
    const served = (schema['x-kubernetes-group-version-kind'] ?? []) as {
      group: string;
      version: string;
      kind: string;
    }[];
    if (served.some((gvk) => gvk.group === kind.group && gvk.version === kind.version && gvk.kind === kind.kind))
      return name;
  }
  assert(false, `no definition for ${kind.kind}`);
}

/** Where objects of a kind are created, in the given namespace. */
export function collectionPath(kind: KindEntry, namespace: string): string {
  const root = kind.group === '' ? '/api/v1' : `/apis/${kind.groupVersion}`;
  return kind.namespaced ? `${root}/namespaces/${namespace}/${kind.resource}` : `${root}/${kind.resource}`;
}

/** Where a definition occurs: the kind, and the fields from its root; a list or map on the way is entered by its first element. */
export interface Place {
  readonly definition: string;
  readonly steps: readonly { name: string; form: 'object' | 'list' | 'map' }[];
  readonly kind: KindEntry;
}

/** Every definition that can be reached from a kind that can be created, each at its shortest path. */
export function reachablePlaces(parts: OpenApiParts, kinds: readonly KindEntry[]): Place[] {
  const places: Place[] = [];
  const seen = new Set<string>();
  for (const kind of kinds.filter((entry) => entry.verbs.includes('create'))) {
    const queue: Place[] = [{ definition: definitionOf(parts, kind), steps: [], kind }];
    for (const place of queue) {
      if (seen.has(place.definition)) continue;
      seen.add(place.definition);
      places.push(place);
      for (const [name, type] of Object.entries(fieldsOf(parts, place.definition))) {
        const definition = type.definition ?? type.element?.definition;
        const form = type.form;
        if (definition === undefined || (form !== 'object' && form !== 'list' && form !== 'map')) continue;
        queue.push({ definition, steps: [...place.steps, { name, form }], kind });
      }
    }
  }
  return places;
}

/** An otherwise empty object of the place's kind with one value at the end of the path. */
export function objectWith(place: Place, field: string, value: unknown): Json {
  let inner: unknown = { [field]: value };
  for (const step of place.steps.toReversed()) {
    if (step.form === 'list') inner = [inner];
    if (step.form === 'map') inner = { key: inner };
    inner = { [step.name]: inner };
  }
  return { apiVersion: place.kind.groupVersion, kind: place.kind.kind, ...(inner as Json) };
}

export function sortedByKey<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
