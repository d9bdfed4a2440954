import type { ApiCore, RequestContext } from '../api-core.ts';
import { decodeCustom } from '../crd/structural-schema.ts';
import type { KubeObject } from '../kube-object.ts';
import type { ServedResource } from '../resource-table.ts';
import { apiVersionOf } from '../resource-table.ts';
import { checkCustomVersion, DecodeError, hasForeignKind, withTypeMeta } from './type-meta.ts';

const METADATA_CARRIER = { group: '', version: 'v1', kind: 'ConfigMap' };

/**
 * Brings a body into the shape of its kind: kind and version checked, unknown fields refused, warned of or dropped, defaults set.
 * The object is the caller's own copy and changes in place.
 */
export function decodeObject(
  core: ApiCore,
  context: RequestContext,
  served: ServedResource,
  object: unknown,
): KubeObject {
  const typed = withTypeMeta(core, served, object, context.fieldValidation !== 'Ignore');
  if (served.custom) {
    const unknown = decodeMetadata(core, typed, served.kind);
    // The schema is that of one kind: what says that it is another is left as it is.
    const isForeign = hasForeignKind(served, typed) || typed.apiVersion !== apiVersionOf(served);
    const pruned = isForeign ? [] : decodeCustom(served.custom.schema, typed);
    if (unknown.length + pruned.length > 0)
      reportUnknown(context, typed, served.kind, [...unknown, ...pruned].toSorted());
    checkCustomVersion(served, typed);
  } else {
    const { unknownFields, typeError } = core.schema.decode(served, typed);
    if (typeError !== undefined) throw new DecodeError(served, typeError);
    reportUnknown(context, typed, served.kind, unknownFields);
    core.schema.applyDefaults(served, typed);
  }
  dropNulls(typed.metadata as Record<string, unknown>);
  return typed;
}

/**
 * The metadata of a custom resource is typed like everyone's, whatever its schema says: it is decoded as that of a built-in kind.
 * In place. @returns its unknown fields
 */
function decodeMetadata(core: ApiCore, object: KubeObject, expected: string): readonly string[] {
  const carrier = { apiVersion: 'v1', kind: 'ConfigMap', metadata: object.metadata } as KubeObject;
  const { unknownFields, typeError } = core.schema.decode(METADATA_CARRIER, carrier);
  if (typeError !== undefined) {
    const version = object.apiVersion?.split('/').at(-1) ?? '';
    const words = typeError
      .replace('struct field ConfigMap.metadata of type', 'value of type')
      .replace('.metadata.', '.');
    throw new DecodeError({ kind: object.kind ?? '', version }, words, expected);
  }
  core.schema.prune(METADATA_CARRIER, carrier);
  return unknownFields;
}

function reportUnknown(
  context: RequestContext,
  { kind = '', apiVersion = '' }: KubeObject,
  expected: string,
  unknownFields: readonly string[],
): void {
  if (unknownFields.length === 0 || context.fieldValidation === 'Ignore') return;
  const errors = unknownFields.map((field) => `unknown field "${field}"`);
  const strict = `strict decoding error: ${errors.join(', ')}`;
  if (context.fieldValidation === 'Strict')
    throw new DecodeError({ kind, version: apiVersion.split('/').at(-1) ?? '' }, strict, expected);
  context.warnings.push(...errors);
}

function dropNulls(metadata: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (value === null || (typeof value === 'object' && Object.keys(value).length === 0)) delete metadata[key];
  }
}
