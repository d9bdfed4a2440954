import type { OpenApiSchema } from './generated-files.ts';

/** What a field holds, as the server's decoder sees it. */
export type Form =
  | 'string'
  | 'bytes'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'object'
  | 'list'
  | 'map'
  | 'any'
  | SpecialForm;
/** Definitions that are not an object on the wire. */
export type SpecialForm = 'quantity' | 'time' | 'microTime' | 'intOrString';

export interface FieldType {
  readonly form: Form;
  /** Of an integer: int32 or int64. */
  readonly format: string | undefined;
  /** Of an object: the name of its definition. */
  readonly definition: string | undefined;
  /** Of a list or map: what its elements hold. */
  readonly element: FieldType | undefined;
}

const REF_PREFIX = '#/components/schemas/';

const SPECIAL: Readonly<Record<string, Form>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'microTime',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'any',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'any',
};
/** Values of any JSON type inside a CRD's schema: JSON, JSONSchemaPropsOrBool, JSONSchemaPropsOrArray … */
const FREE_FORM = /\.apiextensions\.v1\.JSON(SchemaPropsOr\w+)?$/;

export function fieldType(schema: OpenApiSchema): FieldType {
  const reference = referenceOf(schema);
  if (reference !== undefined) {
    const form = FREE_FORM.test(reference) ? 'any' : (SPECIAL[reference] ?? 'object');
    return typeOf(form, { definition: form === 'object' ? reference : undefined });
  }
  const inner = (schema['items'] ?? schema['additionalProperties']) as OpenApiSchema | undefined;
  if (inner !== undefined) {
    return typeOf(schema['type'] === 'array' ? 'list' : 'map', { element: fieldType(inner) });
  }
  const format = schema['format'] as string | undefined;
  switch (schema['type']) {
    case 'string':
      return typeOf(format === 'byte' ? 'bytes' : 'string', {});
    case 'integer':
    case 'number':
      return typeOf(schema['type'], { format });
    case 'boolean':
      return typeOf('boolean', {});
    default:
      return typeOf('any', {});
  }
}

function typeOf(form: Form, rest: Partial<FieldType>): FieldType {
  return { form, format: rest.format, definition: rest.definition, element: rest.element };
}

function referenceOf(schema: OpenApiSchema): string | undefined {
  const all = schema['allOf'] as readonly OpenApiSchema[] | undefined;
  const reference = schema['$ref'] ?? all?.[0]?.['$ref'];
  return typeof reference === 'string' ? reference.slice(REF_PREFIX.length) : undefined;
}

/** The last part of a definition's name, which is the name of the server's own type. */
export function typeNameOf(definition: string): string {
  return definition.slice(definition.lastIndexOf('.') + 1);
}

/**
 * The name that the decoder's errors give a type, as far as it follows from the schema. Aliases (v1.RestartPolicy is a
 * string) do not: they are measured.
 */
export function goTypeOf(type: FieldType): string {
  switch (type.form) {
    case 'object':
      return `v1.${typeNameOf(type.definition ?? '')}`;
    case 'list':
      return `[]${type.element ? goTypeOf(type.element) : 'string'}`;
    case 'map':
      return `map[string]${type.element ? goTypeOf(type.element) : 'string'}`;
    case 'bytes':
      return '[]uint8';
    case 'integer':
      return type.format ?? 'int64';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    case 'intOrString':
      return 'int32';
    case 'string':
    case 'time':
    case 'microTime':
    case 'quantity':
    case 'any':
      return 'string';
  }
}
