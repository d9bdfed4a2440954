import { WavetankError } from '../../../core/errors.ts';
import type { FieldCause } from './schema-face.ts';

/** Kubernetes' own answers to what it refuses: the one file that knows their words. */
export interface FailureStatus {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: 'Failure';
  readonly message: string;
  /** Absent where the real server wraps an error that it did not expect. */
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly { readonly reason: string; readonly message: string; readonly field?: string }[];
  readonly retryAfterSeconds?: number;
}

/** Thrown by everything behind the API, in process too; `status` is the body that HTTP would answer, `status.code` its code. */
export class KubeStatusError extends WavetankError {
  readonly status: FailureStatus;
  /** What the request was warned of before it failed; becomes `Warning` headers. */
  warnings: readonly string[] = [];

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super('KUBE_STATUS', message, { details: { code, reason } });
    this.name = 'KubeStatusError';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === '' ? {} : { reason }),
      ...(details ? { details } : {}),
      code,
    };
  }
}

export function isKubeStatus(error: unknown, reason?: string): error is KubeStatusError {
  return error instanceof KubeStatusError && (reason === undefined || error.status.reason === reason);
}

/** What an error is about. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** `pods`, `workflows.oceanprotocol.com` */
export function qualified(about: GroupResource): string {
  return about.group === '' ? about.resource : `${about.resource}.${about.group}`;
}

function detailsOf(about: GroupResource, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(about.group === '' ? {} : { group: about.group }),
    kind: about.resource,
  };
}

export function notFound(about: GroupResource, name: string): KubeStatusError {
  return new KubeStatusError(404, 'NotFound', `${qualified(about)} "${name}" not found`, detailsOf(about, name));
}

/** The name is taken by an object that waits for its end. */
const GOING = 'object is being deleted: ';

export function alreadyExists(about: GroupResource, name: string, isGoing = false): KubeStatusError {
  return new KubeStatusError(
    409,
    'AlreadyExists',
    `${isGoing ? GOING : ''}${qualified(about)} "${name}" already exists`,
    detailsOf(about, name),
  );
}

/** generateName ran into existing names again and again. */
export function generateNameConflict(about: GroupResource, name: string, isGoing = false): KubeStatusError {
  return new KubeStatusError(
    409,
    'AlreadyExists',
    `${isGoing ? GOING : ''}${qualified(about)} "${name}" already exists, the server was not able to generate a unique name for the object`,
    { ...detailsOf(about, name), retryAfterSeconds: 1 },
  );
}

export const MODIFIED_CONFLICT =
  'the object has been modified; please apply your changes to the latest version and try again';

export function conflict(about: GroupResource, name: string, why: string = MODIFIED_CONFLICT): KubeStatusError {
  return new KubeStatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(about)} "${name}": ${why}`,
    detailsOf(about, name),
  );
}

export function forbidden(
  about: GroupResource,
  name: string,
  why: string,
  causes?: StatusDetails['causes'],
): KubeStatusError {
  const what = about.resource === '' ? '' : name === '' ? `${qualified(about)} is` : `${qualified(about)} "${name}" is`;
  return new KubeStatusError(403, 'Forbidden', `${what} forbidden: ${why}`.trim(), {
    ...detailsOf(about, name),
    ...(causes ? { causes } : {}),
  });
}

export function forbiddenPath(why: string): KubeStatusError {
  return new KubeStatusError(403, 'Forbidden', `forbidden: ${why}`, {});
}

export function invalid(about: GroupKind, name: string, causes: readonly FieldCause[]): KubeStatusError {
  const errors = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const { group } = about;
  const kind = group === '' ? about.kind : `${about.kind}.${group}`;
  const list = errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`;
  return new KubeStatusError(422, 'Invalid', `${kind} "${name}" is invalid: ${list}`, {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    ...(about.kind === '' ? {} : { kind: about.kind }),
    causes: causes.map((cause) => ({ reason: cause.reason, message: cause.message, field: cause.field })),
  });
}

/** A well-formed request that cannot be carried out, such as a JSON patch whose test fails. */
export function invalidRequest(message: string): KubeStatusError {
  return new KubeStatusError(422, 'Invalid', message, {});
}

export function badRequest(message: string): KubeStatusError {
  return new KubeStatusError(400, 'BadRequest', message);
}

/** An error that the real server has no status for: code 500, and its words alone. */
export function unexplained(message: string): KubeStatusError {
  return new KubeStatusError(500, '', message);
}

const SUMMARY_LENGTH = 30;

/** A body of which not even the kind can be told. `text` is the body, of which the beginning is quoted. */
export function unrecognized(kind: string, why: string, text: string): KubeStatusError {
  const isLong = text.length > SUMMARY_LENGTH;
  const beginning = text.slice(0, SUMMARY_LENGTH);
  const shown = text.startsWith('{') ? beginning : Buffer.from(beginning).toString('hex');
  const summary = text === '' ? '<empty>' : `${shown}${isLong ? ' ...' : ''}`;
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summary})`);
}

export function unauthorized(): KubeStatusError {
  return new KubeStatusError(401, 'Unauthorized', 'Unauthorized');
}

/** The group and version exist, the resource in it does not. */
export function unknownResource(): KubeStatusError {
  return new KubeStatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function methodNotAllowed(about?: GroupResource): KubeStatusError {
  return new KubeStatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    about ? detailsOf(about, '') : {},
  );
}

export function notAcceptable(supported: readonly string[]): KubeStatusError {
  return new KubeStatusError(
    406,
    'NotAcceptable',
    `only the following media types are accepted: ${supported.join(', ')}`,
  );
}

/** The client asked for a list's shape of an object, or the other way round. */
export function wrongShape(message: string): KubeStatusError {
  return new KubeStatusError(406, 'NotAcceptable', message);
}

/** The words of the router, which looks at built-in kinds' media types before the API does. */
export function routerNotAcceptable(offered: readonly string[]): KubeStatusError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${offered.join(', ')}`;
  return new KubeStatusError(406, 'NotAcceptable', message, {});
}

export function routerUnsupportedMediaType(): KubeStatusError {
  return new KubeStatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
}

export function unsupportedMediaType(supported: readonly string[]): KubeStatusError {
  return new KubeStatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`,
  );
}

export function bodyTooLarge(limitBytes: number): KubeStatusError {
  return new KubeStatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`);
}

export function tooManyRequests(message: string, retryAfterSeconds: number): KubeStatusError {
  return new KubeStatusError(429, 'TooManyRequests', message, { retryAfterSeconds });
}

export function internalError(message: string): KubeStatusError {
  return new KubeStatusError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ reason: '', message }],
  });
}

/** A list or a watch from a version that the history no longer has. */
export function expired(message: string): KubeStatusError {
  return new KubeStatusError(410, 'Expired', message);
}

/** @param isCached false for events, of which the real server keeps no cache that could catch up */
export function resourceVersionTooLarge(asked: number, current: number, isCached: boolean): KubeStatusError {
  return new KubeStatusError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    ...(isCached ? { retryAfterSeconds: 1 } : {}),
  });
}
