import type { ApiCore } from '../api-core.ts';
import { isObject } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { badRequest, invalid, KubeStatusError, unrecognized } from '../kube-status.ts';
import type { ServedResource } from '../resource-table.ts';
import { apiVersionOf, splitApiVersion } from '../resource-table.ts';
import { invalid as invalidValue } from '../schema/validate/field-causes.ts';
import type { FieldCause, KindName } from '../schema-face.ts';

/** Where the real server's registry of types was made: its refusals say so. */
const SCHEME = 'pkg/runtime/scheme.go:110';

/** A body that does not fit its kind. */
export class DecodeError extends KubeStatusError {
  /** What is wrong, without the sentence about kind and version. */
  readonly why: string;

  constructor({ kind, version }: { kind: string; version: string }, why: string, expected = kind) {
    super(400, 'BadRequest', `${kind} in version "${version}" cannot be handled as a ${expected}: ${why}`);
    this.why = why;
  }
}

/** A body of which not even the kind can be told. */
export class UnrecognizedError extends KubeStatusError {
  readonly why: string;

  constructor(kind: string, why: string, object: unknown) {
    super(400, 'BadRequest', unrecognized(kind, why, JSON.stringify(object)).message);
    this.why = why;
  }
}

/**
 * Checks kind and version, and fills in those that are left out: built-in kinds need not name them.
 * @throws KubeStatusError in the real server's words, which are others for custom resources
 */
export function withTypeMeta(core: ApiCore, served: ServedResource, body: unknown, isStrict: boolean): KubeObject {
  const expected = apiVersionOf(served);
  // A body of `null` is an empty object to the decoder of built-in kinds.
  const object = body === null && served.custom === undefined ? {} : body;
  // What is written by this server's own parts, and by nearly every client.
  if (isObject(object) && object['kind'] === served.kind && object['apiVersion'] === expected) return complete(object);
  if (object !== null && !isObject(object)) {
    throw new UnrecognizedError(
      served.kind,
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${nameOfType(object)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
      object,
    );
  }
  checkAreTexts(served, object ?? {});
  if (served.custom !== undefined) return complete(checkedCustom(served, object ?? {}, object, isStrict));
  const filled = object ?? {};
  checkRegistered(core, served, filled);
  filled['apiVersion'] = expected;
  filled['kind'] = served.kind;
  return complete(filled);
}

function complete(object: Record<string, unknown>): KubeObject {
  object['metadata'] ??= {};
  return object as KubeObject;
}

function checkAreTexts(served: KindName, object: Record<string, unknown>): void {
  for (const field of ['apiVersion', 'kind']) {
    const value = object[field];
    if (value === undefined || value === null || typeof value === 'string') continue;
    throw new UnrecognizedError(
      served.kind,
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${nameOfType(value)} into Go struct field .${field} of type string`,
      object,
    );
  }
  const apiVersion = object['apiVersion'];
  if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2)
    throw new UnrecognizedError(served.kind, `unexpected GroupVersion string: ${apiVersion}`, object);
}

/** Another kind is refused by what is known of it. */
function checkRegistered(core: ApiCore, served: ServedResource, object: Record<string, unknown>): void {
  const expected = apiVersionOf(served);
  const apiVersion = textOr(object['apiVersion'], expected);
  const kind = textOr(object['kind'], served.kind);
  if (apiVersion === expected && kind === served.kind) return;
  const { group, version } = splitApiVersion(apiVersion);
  const names = core.schema.kinds.flatMap((info) => [
    info,
    ...info.subresources.map((part) => ({ group: info.group, version: info.version, ...part })),
  ]);
  const isKnown = names.some((name) => name.kind === kind && apiVersionOf(name) === apiVersion);
  const internal = served.group === '' ? 'core' : (served.group.split('.')[0] ?? '');
  const why = isKnown
    ? `converting (${version}.${kind}) to (${internal}.${served.kind}): unknown conversion`
    : `no kind "${kind}" is registered for version "${apiVersionOf({ group, version })}" in scheme "${SCHEME}"`;
  throw new DecodeError({ kind, version }, why, served.kind);
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function checkedCustom(
  served: ServedResource,
  object: Record<string, unknown>,
  body: unknown,
  isStrict: boolean,
): Record<string, unknown> {
  const { apiVersion, kind } = object;
  if (typeof kind !== 'string' || kind === '') {
    const why = `Object 'Kind' is missing in '${JSON.stringify(body)}'`;
    // The decoder that looks at every field has forgotten by then which kind was asked for.
    throw isStrict ? new UnrecognizedError(served.kind, why, body) : new DecodeError(served, why);
  }
  if (apiVersion === null) {
    const why = '.apiVersion accessor error: <nil> is of the type <nil>, expected string';
    throw new DecodeError({ kind, version: '' }, why, served.kind);
  }
  return object;
}

/** The version of a custom resource is looked at when the whole object has been read. @throws KubeStatusError 400 */
export function checkCustomVersion(served: ServedResource, { apiVersion = '' }: KubeObject): void {
  const expected = apiVersionOf(served);
  if (apiVersion === expected) return;
  // A group of no name is left out.
  const named = apiVersion.replace(/^\//, '');
  throw badRequest(`the API version in the data (${named}) does not match the expected API version (${expected})`);
}

/** A custom resource of another kind is decoded, and refused when it is validated: then nothing but its lists is looked at. */
export function hasForeignKind(served: ServedResource, { kind = '' }: KubeObject): boolean {
  return served.custom !== undefined && kind !== served.kind;
}

/** @returns the refusal @param others what is wrong beside the kind */
export function foreignKind(served: ServedResource, object: KubeObject, others: readonly FieldCause[]): Error {
  const { kind = '', metadata } = object;
  const cause = invalidValue('kind', kind, `must be ${served.kind}`);
  return invalid({ group: served.group, kind }, metadata.name ?? '', [...others, cause]);
}

export function nameOfType(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  return Array.isArray(value) ? 'array' : typeof value;
}
