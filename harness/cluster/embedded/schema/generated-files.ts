import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { KindInfo, TableColumn } from '../schema-face.ts';

/** A schema of the OpenAPI v3 documents, without its prose. */
export type OpenApiSchema = Readonly<Record<string, unknown>>;

export interface GeneratedKinds {
  readonly version: { readonly major: string; readonly minor: string; readonly gitVersion: string };
  readonly kinds: readonly KindInfo[];
}

/** Facts about the server's own types that its documents do not carry, measured by requests; by definition, then field. */
export interface MeasuredTypes {
  /** Names the decoder gives to a field's type and to that of its elements, where they do not follow from the schema. */
  readonly goTypes: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** What is added to an object that lacks the field (null too), where the OpenAPI document does not say so. */
  readonly defaults: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Fields that stay absent although the OpenAPI document names a default. */
  readonly withoutDefault: Readonly<Record<string, readonly string[]>>;
  /** Fields whose zero value ("", 0, false, [], {}) is not kept. */
  readonly omitsZero: Readonly<Record<string, readonly string[]>>;
  /** Fields whose zero value is kept. */
  readonly keepsZero: Readonly<Record<string, readonly string[]>>;
}

/** The files under generated/, each read when it is first needed: discovery alone is small, the rest is not for every start. */
export interface GeneratedFiles {
  kinds(): GeneratedKinds;
  definitions(): Readonly<Record<string, OpenApiSchema>>;
  paths(): Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  measured(): MeasuredTypes;
  /** Columns of `kubectl get`, by `resource` or `resource.group`. */
  columns(): Readonly<Record<string, readonly TableColumn[]>>;
}

export function openGeneratedFiles(folder = path.join(import.meta.dirname, 'generated')): GeneratedFiles {
  const lazily = <T>(name: string): (() => T) => {
    let loaded: T | undefined;
    return () => (loaded ??= JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as T);
  };
  return {
    kinds: lazily<GeneratedKinds>('kinds.json'),
    definitions: lazily<Readonly<Record<string, OpenApiSchema>>>('definitions.json'),
    paths: lazily<Readonly<Record<string, Readonly<Record<string, unknown>>>>>('paths.json'),
    measured: lazily<MeasuredTypes>('measured.json'),
    columns: lazily<Readonly<Record<string, readonly TableColumn[]>>>('columns.json'),
  };
}
