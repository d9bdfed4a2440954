/** The part of a structural schema that our resources need. No CEL: clusters without it serve them too. */
export type StructuralSchema =
  | {
      readonly type: 'string';
      readonly enum?: readonly string[];
      readonly pattern?: string;
      readonly maxLength?: number;
      readonly description?: string;
      readonly format?: 'date-time';
    }
  | {
      readonly type: 'integer' | 'number';
      readonly minimum?: number;
      readonly maximum?: number;
      readonly format?: 'int32' | 'int64';
      readonly description?: string;
    }
  | { readonly type: 'boolean'; readonly description?: string }
  | {
      readonly type: 'array';
      readonly items: StructuralSchema;
      readonly maxItems?: number;
      readonly description?: string;
    }
  | {
      readonly type: 'object';
      readonly properties?: Readonly<Record<string, StructuralSchema>>;
      readonly required?: readonly string[];
      readonly additionalProperties?: StructuralSchema;
      readonly description?: string;
      readonly 'x-kubernetes-preserve-unknown-fields'?: true;
    };

export const text = (maxLength?: number): StructuralSchema => ({
  type: 'string',
  ...(maxLength === undefined ? {} : { maxLength }),
});
export const oneOf = (...values: string[]): StructuralSchema => ({ type: 'string', enum: values });
export const time: StructuralSchema = { type: 'string' };
export const flag: StructuralSchema = { type: 'boolean' };
export const count = (minimum = 0): StructuralSchema => ({ type: 'integer', format: 'int64', minimum });
export const amount: StructuralSchema = { type: 'number', minimum: 0 };
export const list = (items: StructuralSchema): StructuralSchema => ({ type: 'array', items });

/** An object; names with a trailing `?` are optional. */
export function object(fields: Readonly<Record<string, StructuralSchema>>): StructuralSchema {
  const names = Object.keys(fields);
  const required = names.filter((name) => !name.endsWith('?'));
  const properties = Object.fromEntries(
    names.map((name) => [name.replace(/\?$/, ''), fields[name] as StructuralSchema]),
  );
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
}
