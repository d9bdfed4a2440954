import { readFileSync } from 'node:fs';
import { WavetankError } from '../../../core/errors.ts';
import type { KindEntry } from '../../kubernetes-schema/discovery.ts';
import type { Json, JsonObject } from './step.ts';

const GENERATED = new URL('../../../harness/cluster/embedded/schema/generated/', import.meta.url);

/** A schema of the OpenAPI document. */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly Json[];
  /** Rules that only a server needs: limits, patterns, Kubernetes' own extensions. */
  readonly [rule: string]: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
}

export const servedKinds = (read('kinds.json') as { kinds: readonly KindEntry[] }).kinds;
const definitions = read('definitions.json') as Readonly<Record<string, Schema>>;

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, GENERATED), 'utf8'));
}

/** The schema of a served kind. */
export function schemaOf({ group, version, kind }: { group: string; version: string; kind: string }): Schema {
  for (const schema of Object.values(definitions)) {
    const names = schema['x-kubernetes-group-version-kind'] ?? [];
    if (names.some((name) => name.group === group && name.version === version && name.kind === kind)) return schema;
  }
  throw new WavetankError('KIND_NOT_SERVED', `the OpenAPI document has no ${kind}`, { category: 'internal' });
}

/** The schema with its reference followed. */
export function resolved(schema: Schema): Schema {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference === undefined) return schema.oneOf?.[0] === undefined ? schema : { ...schema.oneOf[0], ...schema };
  return definitions[reference.split('/').at(-1) ?? ''] ?? {};
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
