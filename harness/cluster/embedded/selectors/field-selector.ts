import type { KubeObject } from '../kube-object.ts';
import type { GroupResource } from '../kube-status.ts';
import { badRequest } from '../kube-status.ts';
import { valueAt } from '../json.ts';

export interface FieldRequirement {
  readonly path: string;
  readonly isEqual: boolean;
  readonly value: string;
}

/** Fields that lists may select by, besides `metadata.name` and `metadata.namespace`, as the API server has them per kind. */
const SELECTABLE: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  secrets: ['type'],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
};

/** Kinds of the whole cluster that name their selectable fields themselves. */
const WITHOUT_NAMESPACE = new Set(['namespaces', 'nodes']);

/** `a.b=c,d!=e` @throws KubeStatusError 400 for a field that this kind cannot be selected by. */
export function parseFieldSelector(text: string, about: GroupResource, isCustom = false): readonly FieldRequirement[] {
  const requirements = splitFieldSelector(text);
  const allowed = about.group === '' ? (SELECTABLE[about.resource] ?? []) : [];
  for (const { path } of requirements) {
    const isShared =
      path === 'metadata.name' || (path === 'metadata.namespace' && !WITHOUT_NAMESPACE.has(about.resource));
    if (!isShared && !allowed.includes(path)) throw badRequest(unsupportedFieldLabel(path, about, isCustom));
  }
  return requirements;
}

/** The form alone, whatever the kind. @throws KubeStatusError 400 */
export function splitFieldSelector(text: string): readonly FieldRequirement[] {
  return text.split(',').flatMap((term) => {
    // Nothing equals nothing.
    if (/^\s*(=|==)?\s*$/.test(term)) return [];
    const parts = /^\s*([^=!\s]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(term);
    if (parts === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const value = parts[3] ?? '';
    if (value.includes('=')) throw badRequest('invalid field selector: unescaped character in value: 61');
    return [{ path: parts[1] ?? '', isEqual: parts[2] !== '!=', value }];
  });
}

export function matchesFields(requirements: readonly FieldRequirement[], object: KubeObject): boolean {
  return requirements.every(({ path, isEqual, value }) => (selectableValue(object, path) === value) === isEqual);
}

function selectableValue(object: KubeObject, path: string): string {
  if (path === 'source')
    return String(valueAt(object, 'source', 'component') ?? valueAt(object, 'reportingComponent') ?? '');
  const value = valueAt(object, ...path.split('.'));
  // Booleans that are left out select as false: spec.hostNetwork, spec.unschedulable.
  if (value === undefined) return path === 'spec.hostNetwork' || path === 'spec.unschedulable' ? 'false' : '';
  return String(value as string | boolean);
}

function unsupportedFieldLabel(path: string, about: GroupResource, isCustom: boolean): string {
  // Kinds with selectable fields of their own answer shortly, as custom ones do; all others name what they would take.
  if (isCustom || (about.group === '' && SELECTABLE[about.resource])) return `field label not supported: ${path}`;
  return `${JSON.stringify(path)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}
