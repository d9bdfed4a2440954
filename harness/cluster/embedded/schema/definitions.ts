import type { KindName } from '../schema-face.ts';
import type { FieldType } from './field-type.ts';
import { fieldType, goTypeOf, typeNameOf } from './field-type.ts';
import type { GeneratedFiles, OpenApiSchema } from './generated-files.ts';
import { KEPT_TEXTS, OMITTED_ZEROS } from './zero-values.ts';

/** One type of the API: a kind, or a part of one. */
export interface Definition {
  readonly name: string;
  /** `PodSpec`, as the decoder's errors call it. */
  readonly typeName: string;
  readonly fields: ReadonlyMap<string, Field>;
  readonly defaults: readonly Field[];
}

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** The decoder's name for the type, and for that of its elements. */
  readonly goType: string;
  readonly goElementType: string | undefined;
  readonly isRequired: boolean;
  readonly allowed: readonly string[] | undefined;
  /** undefined: none. */
  readonly defaultValue: unknown;
  /** Whether "", 0, false, [] and {} survive the round trip through the server's own type. */
  readonly keepsZero: boolean;
  readonly patchStrategies: readonly string[];
  readonly patchMergeKey: string | undefined;
}

export interface Definitions {
  get(name: string): Definition;
  ofKind(kind: KindName): Definition | undefined;
}

/** Compiles definitions when they are first asked for. */
export function openDefinitions(files: GeneratedFiles): Definitions {
  const compiled = new Map<string, Definition>();
  let kindNames: Map<string, string> | undefined;
  const get = (name: string): Definition => {
    let definition = compiled.get(name);
    if (!definition) {
      definition = compile(name, files);
      compiled.set(name, definition);
    }
    return definition;
  };
  return {
    get,
    ofKind({ group, version, kind }) {
      kindNames ??= indexKinds(files.definitions());
      const name = kindNames.get(`${group}/${version}/${kind}`);
      return name === undefined ? undefined : get(name);
    },
  };
}

function indexKinds(definitions: Readonly<Record<string, OpenApiSchema>>): Map<string, string> {
  const index = new Map<string, string>();
  for (const [name, schema] of Object.entries(definitions)) {
    const served = (schema['x-kubernetes-group-version-kind'] ?? []) as readonly KindName[];
    for (const { group, version, kind } of served) index.set(`${group}/${version}/${kind}`, name);
  }
  return index;
}

function compile(name: string, files: GeneratedFiles): Definition {
  const schema = files.definitions()[name] ?? {};
  const required = new Set((schema['required'] ?? []) as readonly string[]);
  const fields = new Map<string, Field>();
  for (const [fieldName, property] of Object.entries((schema['properties'] ?? {}) as Record<string, OpenApiSchema>)) {
    fields.set(fieldName, compileField(name, fieldName, property, required.has(fieldName), files));
  }
  const defaults = [...fields.values()].filter((field) => field.defaultValue !== undefined);
  return { name, typeName: typeNameOf(name), fields, defaults };
}

function compileField(
  owner: string,
  name: string,
  schema: OpenApiSchema,
  isRequired: boolean,
  files: GeneratedFiles,
): Field {
  const measured = files.measured();
  const type = fieldType(schema);
  const [goType, goElementType] = measured.goTypes[owner]?.[name] ?? [];
  const strategies = schema['x-kubernetes-patch-strategy'];
  const measuredDefault = measured.defaults[owner]?.[name];
  const hasNoDefault = measured.withoutDefault[owner]?.includes(name) === true;
  return {
    name,
    type,
    goType: goType ?? goTypeOf(type),
    goElementType: goElementType ?? (type.element ? goTypeOf(type.element) : undefined),
    isRequired,
    allowed: schema['enum'] as readonly string[] | undefined,
    defaultValue: hasNoDefault ? undefined : measuredDefault === undefined ? schema['default'] : measuredDefault,
    keepsZero: keepsZero(owner, name, type, isRequired, files),
    patchStrategies: typeof strategies === 'string' ? strategies.split(',') : [],
    patchMergeKey: schema['x-kubernetes-patch-merge-key'] as string | undefined,
  };
}

/** Where it was not measured: an optional string, list or map is dropped when it is empty, the rest is kept. */
function keepsZero(owner: string, name: string, type: FieldType, isRequired: boolean, files: GeneratedFiles): boolean {
  const { omitsZero, keepsZero: kept } = files.measured();
  if (omitsZero[owner]?.includes(name)) return false;
  if (kept[owner]?.includes(name)) return true;
  if (KEPT_TEXTS[owner]?.includes(name)) return true;
  if (OMITTED_ZEROS[owner]?.includes(name)) return false;
  return isRequired || !['string', 'bytes', 'list', 'map'].includes(type.form);
}
