import { badRequest, invalid, unexplained } from '../kube-status.ts';
import { forbidden, invalid as invalidValue, notSupported } from '../schema/validate/field-causes.ts';
import type { FieldCause } from '../schema-face.ts';

const OPTIONS = { group: 'meta.k8s.io', kind: 'ListOptions' };

/** Parameters of a list that exclude each other. @throws KubeStatusError 422 */
export function checkListOptions(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const causes: FieldCause[] = [];
  const forbid = (why: string): void => void causes.push(forbidden('resourceVersionMatch', why));
  if (match !== '') {
    if (version === '') forbid('resourceVersionMatch is forbidden unless resourceVersion is provided');
    if (query.get('continue')) forbid('resourceVersionMatch is forbidden when continue is provided');
    if (match !== 'Exact' && match !== 'NotOlderThan')
      causes.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && version === '0')
      forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (query.has('sendInitialEvents'))
    causes.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  if (causes.length > 0) throw invalid(OPTIONS, '', causes);
}

/** The same for a watch. @throws KubeStatusError 422 */
export function checkWatchOptions(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const isInitial = query.has('sendInitialEvents');
  const causes: FieldCause[] = [];
  const forbid = (why: string): void => void causes.push(forbidden('resourceVersionMatch', why));
  if (isInitial && match !== 'NotOlderThan')
    forbid('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  if (match !== '') {
    if (!isInitial) forbid('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    if (match !== 'NotOlderThan') causes.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
    if (query.get('continue')) forbid('resourceVersionMatch is forbidden when continue is provided');
  }
  if (causes.length > 0) throw invalid(OPTIONS, '', causes);
}

/** @returns undefined when unset or 0: whatever is there now. @throws KubeStatusError 400, of a watch 500 */
export function parseVersion(text: string | null, verb: 'list' | 'watch'): number | undefined {
  if (text === null || text === '' || text === '0') return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  const said = `resourceVersion: ${invalidValue('resourceVersion', text, why).message}`;
  throw verb === 'watch' ? unexplained(said) : badRequest(`invalid resource version: ${said}`);
}
