import type { ApiCore, RequestContext } from '../api-core.ts';
import { decodeCustom } from '../crd/structural-schema.ts';
import { isObject } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { badRequest, KubeStatusError } from '../kube-status.ts';
import type { KindName } from '../schema-face.ts';
import type { ServedResource } from '../resource-table.ts';
import { apiVersionOf } from '../resource-table.ts';

/** A body that does not fit its kind. */
export class DecodeError extends KubeStatusError {
  /** What is wrong, without the sentence about kind and version. */
  readonly why: string;

  constructor({ kind, version }: KindName, why: string) {
    super(400, 'BadRequest', `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
    this.why = why;
  }
}

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
  const typed = withTypeMeta(served, object);
  if (served.custom) {
    checkMetadata(typed);
    reportUnknown(context, served, decodeCustom(served.custom.schema, typed));
  } else {
    const { unknownFields, typeError } = core.schema.decode(served, typed);
    if (typeError !== undefined) throw new DecodeError(served, typeError);
    reportUnknown(context, served, unknownFields);
    core.schema.applyDefaults(served, typed);
  }
  dropNulls(typed.metadata as Record<string, unknown>);
  return typed;
}

function withTypeMeta(served: KindName & { custom?: unknown }, object: unknown): KubeObject {
  const expected = apiVersionOf(served);
  if (!isObject(object)) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${served.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type struct { APIVersion string; Kind string }`,
    );
  }
  const { apiVersion, kind } = object;
  if (served.custom && (kind === undefined || kind === ''))
    throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(object).slice(0, 200)}'`);
  if (apiVersion !== undefined && apiVersion !== '' && apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`,
    );
  }
  if (kind !== undefined && kind !== '' && kind !== served.kind) {
    throw badRequest(
      `${String(kind)} in version "${served.version}" cannot be handled as a ${served.kind}: the kind in the data (${String(kind)}) does not match the expected kind (${served.kind})`,
    );
  }
  object['apiVersion'] = expected;
  object['kind'] = served.kind;
  object['metadata'] ??= {};
  return object as KubeObject;
}

/** The metadata of a custom resource is typed like everyone's, whatever its schema says. */
function checkMetadata(object: KubeObject): void {
  const fail = (what: string, field: string): never => {
    throw badRequest(
      `${object.kind} in version "${object.apiVersion?.split('/').at(-1)}" cannot be handled as a ${object.kind}: json: cannot unmarshal ${what} into Go struct field ObjectMeta.metadata.${field}`,
    );
  };
  const metadata: unknown = object.metadata;
  if (!isObject(metadata)) return void fail(nameOfType(metadata), '');
  for (const field of ['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp']) {
    const value = metadata[field];
    if (value !== undefined && value !== null && typeof value !== 'string')
      fail(nameOfType(value), `${field} of type string`);
  }
  for (const field of ['labels', 'annotations']) {
    const value = metadata[field];
    if (value === undefined || value === null) continue;
    if (!isObject(value)) fail(nameOfType(value), `${field} of type map[string]string`);
    const wrong = Object.values(value as object).find((item) => typeof item !== 'string');
    if (wrong !== undefined) fail(nameOfType(wrong), `${field} of type string`);
  }
  const finalizers = metadata['finalizers'];
  if (finalizers != null && !(Array.isArray(finalizers) && finalizers.every((item) => typeof item === 'string'))) {
    fail(nameOfType(finalizers), 'finalizers of type []string');
  }
}

export function nameOfType(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  return Array.isArray(value) ? 'array' : typeof value;
}

function reportUnknown(context: RequestContext, served: ServedResource, unknownFields: readonly string[]): void {
  if (unknownFields.length === 0 || context.fieldValidation === 'Ignore') return;
  const errors = unknownFields.map((field) => `unknown field "${field}"`);
  const strict = `strict decoding error: ${errors.join(', ')}`;
  if (context.fieldValidation === 'Strict') throw new DecodeError(served, strict);
  context.warnings.push(...errors);
}

function dropNulls(metadata: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (value === null || (typeof value === 'object' && Object.keys(value).length === 0)) delete metadata[key];
  }
}
