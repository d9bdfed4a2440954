import type { RequestContext, UserInfo } from '../api-core.ts';
import { isObject, objectAt, stringAt, valueAt } from '../json.ts';
import { badRequest, invalid, unexplained } from '../kube-status.ts';
import type { FieldCause } from '../schema-face.ts';
import { nameOfType } from '../verbs/type-meta.ts';
import { invalid as invalidValue, notSupported } from '../schema/validate/field-causes.ts';
import type { ParsedDeleteOptions } from '../verbs/delete.ts';

/** Query parameters of writes. @throws KubeStatusError 422 for values that they do not take. */
export function contextFrom(user: UserInfo, query: URLSearchParams, optionsKind: string): RequestContext {
  if (query.size === 0) return { user, isDryRun: false, fieldValidation: 'Warn', warnings: [] };
  const dryRun = query.getAll('dryRun');
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  const causes: FieldCause[] = [...managerCauses(query.get('fieldManager') ?? ''), ...dryRunCauses(dryRun)];
  const isKnown = fieldValidation === 'Ignore' || fieldValidation === 'Warn' || fieldValidation === 'Strict';
  if (!isKnown) causes.push(notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']));
  if (!isKnown || causes.length > 0) throw invalid({ group: 'meta.k8s.io', kind: optionsKind }, '', causes);
  return { user, isDryRun: dryRun.length > 0, fieldValidation, warnings: [] };
}

const LONGEST_MANAGER = 128;

function managerCauses(manager: string): FieldCause[] {
  if (manager.length <= LONGEST_MANAGER) return [];
  const message = `Too long: may not be more than ${LONGEST_MANAGER} bytes`;
  return [{ reason: 'FieldValueTooLong', field: 'fieldManager', message }];
}

function dryRunCauses(dryRun: readonly string[]): FieldCause[] {
  return dryRun.every((value) => value === 'All') ? [] : [notSupported('dryRun', dryRun, ['All'])];
}

/** DeleteOptions from the body, or, when there is none, from the query. @throws KubeStatusError 400, 422 */
export function deleteOptionsFrom(
  body: unknown,
  query: URLSearchParams,
): ParsedDeleteOptions & { readonly isDryRun: boolean } {
  checkDeleteOptions(body);
  // A body is all there is: the real server then does not look at the query.
  if (body !== undefined && query.size > 0) return deleteOptionsFrom(body, new URLSearchParams());
  const grace = valueAt(body, 'gracePeriodSeconds') ?? numberFrom(query, 'gracePeriodSeconds');
  if (grace !== undefined && typeof grace !== 'number')
    throw unexplained(
      `json: cannot unmarshal ${nameOfType(grace)} into Go struct field DeleteOptions.gracePeriodSeconds of type int64`,
    );
  const policy = propagationPolicy(body, query);
  const dryRun = [...asStrings(valueAt(body, 'dryRun')), ...query.getAll('dryRun')];
  const causes = dryRunCauses(dryRun);
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', causes);
  const preconditions = objectAt(body, 'preconditions');
  return {
    gracePeriodSeconds: grace,
    uid: stringAt(preconditions, 'uid'),
    resourceVersion: stringAt(preconditions, 'resourceVersion'),
    propagationPolicy: policy,
    isDryRun: dryRun.length > 0,
  };
}

/** The real server has no status for a body that does not decode here, and answers 500 with the decoder's words. */
function checkDeleteOptions(body: unknown): void {
  if (body === undefined || body === null) return;
  if (!isObject(body)) {
    const fields = 'APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\""';
    throw unexplained(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${nameOfType(body)} into Go value of type struct { ${fields} }`,
    );
  }
  const { kind, apiVersion, propagationPolicy: policy } = body;
  if (typeof kind === 'string' && kind !== '' && kind !== 'DeleteOptions')
    throw unexplained(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion ?? 'v1')} in scheme "pkg/runtime/scheme.go:110"`,
    );
  if (policy !== undefined && policy !== null && typeof policy !== 'string')
    throw unexplained(
      `json: cannot unmarshal ${nameOfType(policy)} into Go struct field DeleteOptions.propagationPolicy of type v1.DeletionPropagation`,
    );
}

function propagationPolicy(body: unknown, query: URLSearchParams): ParsedDeleteOptions['propagationPolicy'] {
  const options = { group: 'meta.k8s.io', kind: 'DeleteOptions' };
  const policy = stringAt(body, 'propagationPolicy') ?? query.get('propagationPolicy') ?? undefined;
  const orphan = valueAt(body, 'orphanDependents') ?? query.get('orphanDependents') ?? undefined;
  if (policy !== undefined && orphan !== undefined) {
    throw invalid(options, '', [
      invalidValue('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
    ]);
  }
  if (orphan !== undefined) return orphan === true || orphan === 'true' ? 'Orphan' : 'Background';
  if (policy === undefined || policy === 'Background' || policy === 'Foreground' || policy === 'Orphan') return policy;
  throw invalid(options, '', [
    notSupported('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil']),
  ]);
}

function numberFrom(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function asStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
