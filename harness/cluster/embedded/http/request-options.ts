import type { RequestContext, UserInfo } from '../api-core.ts';
import { isObject, objectAt, stringAt, valueAt } from '../json.ts';
import { badRequest, invalid } from '../kube-status.ts';
import { invalid as invalidValue, notSupported } from '../schema/validate/field-causes.ts';
import type { ParsedDeleteOptions } from '../verbs/delete.ts';

/** Query parameters of writes. @throws KubeStatusError 422 for values that they do not take. */
export function contextFrom(user: UserInfo, query: URLSearchParams, optionsKind: string): RequestContext {
  const options = { group: 'meta.k8s.io', kind: optionsKind };
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const other = dryRun.find((value) => value !== 'All');
  if (other !== undefined) throw invalid(options, '', [notSupported('dryRun', other, ['All'])]);
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  if (fieldValidation !== 'Ignore' && fieldValidation !== 'Warn' && fieldValidation !== 'Strict') {
    throw invalid(options, '', [notSupported('fieldValidation', fieldValidation, ['Ignore', 'Strict', 'Warn'])]);
  }
  return { user, isDryRun: dryRun.length > 0, fieldValidation, warnings: [] };
}

/** DeleteOptions from the body, or, when there is none, from the query. @throws KubeStatusError 400, 422 */
export function deleteOptionsFrom(
  body: unknown,
  query: URLSearchParams,
): ParsedDeleteOptions & { readonly isDryRun: boolean } {
  if (body !== undefined && !isObject(body))
    throw badRequest('the object provided is unrecognized (must be of type DeleteOptions)');
  const grace = valueAt(body, 'gracePeriodSeconds') ?? numberFrom(query, 'gracePeriodSeconds');
  if (grace !== undefined && typeof grace !== 'number')
    throw badRequest('json: cannot unmarshal into Go struct field DeleteOptions.gracePeriodSeconds of type int64');
  const policy = propagationPolicy(body, query);
  const dryRun = [...asStrings(valueAt(body, 'dryRun')), ...query.getAll('dryRun')];
  const other = dryRun.find((value) => value !== 'All');
  const options = { group: 'meta.k8s.io', kind: 'DeleteOptions' };
  if (other !== undefined) throw invalid(options, '', [notSupported('dryRun', other, ['All'])]);
  const preconditions = objectAt(body, 'preconditions');
  return {
    gracePeriodSeconds: grace,
    uid: stringAt(preconditions, 'uid'),
    resourceVersion: stringAt(preconditions, 'resourceVersion'),
    propagationPolicy: policy,
    isDryRun: dryRun.length > 0,
  };
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
    notSupported('propagationPolicy', policy, ['Background', 'Foreground', 'Orphan', 'nil']),
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
