import type { Dice } from '../dice.ts';
import type { FuzzKind } from './kinds.ts';
import { collectionOf } from './kinds.ts';
import type { Draft } from './request-parts.ts';
import { accept, queryText, user } from './request-parts.ts';

/** Those that a watch's marker, whose tier is `marker`, satisfies. */
const WATCHABLE_LABELS = ['tier', 'tier!=back,tier', 'tier in (front,marker)', '!absent,tier'] as const;
const LIST_LABELS = [...WATCHABLE_LABELS, 'tier=front', 'app', 'tier notin (front)', 'app=x,tier', 'absent'] as const;
const BAD_LABELS = [
  'tier in',
  'a b',
  '=x',
  'tier in ()',
  'Bad Key!',
  'tier=' + 'x'.repeat(64),
  ',',
  'a=b,,c=d',
] as const;
const FIELDS = [
  'metadata.name=a',
  'metadata.name!=a',
  'metadata.namespace={ns}',
  'metadata.name=a,metadata.name!=b',
] as const;
const BAD_FIELDS = ['spec.size=1', 'metadata.uid=x', 'nothing', 'metadata.name', '=', 'metadata.name=a=b'] as const;
const OWN_FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'status.phase=Pending',
    'spec.nodeName=',
    'spec.restartPolicy!=Always',
    'spec.schedulerName=nobody',
    'status.phase!=Running',
  ],
  events: ['involvedObject.kind=Pod', 'reason=Tested', 'type!=Normal', 'reportingComponent='],
  secrets: ['type=Opaque', 'type!=Opaque'],
};

/** Where to list: in the namespace, or everywhere with a selector for it. */
function place(dice: Dice, kind: FuzzKind): { path: string; fields: string[]; labels: string[] } {
  if (!kind.namespaced) return { path: collectionOf(kind), fields: [], labels: ['sequence={ns}'] };
  if (!dice.chance(10)) return { path: collectionOf(kind), fields: [], labels: [] };
  return { path: collectionOf(kind).replace('/namespaces/{ns}', ''), fields: ['metadata.namespace={ns}'], labels: [] };
}

export function listStep(dice: Dice, kind: FuzzKind): Draft {
  const { path, fields, labels } = place(dice, kind);
  const query: Record<string, string> = {};
  if (kind.isShared || dice.chance(35)) labels.push(dice.pick(kind.isShared ? WATCHABLE_LABELS : LIST_LABELS));
  if (dice.chance(15)) fields.push(dice.pick([...FIELDS, ...(OWN_FIELDS[kind.resource] ?? [])]));
  if (dice.chance(4)) labels.push(dice.pick(BAD_LABELS));
  if (dice.chance(4)) fields.push(dice.pick(BAD_FIELDS));
  if (labels.length > 0) query['labelSelector'] = labels.join(',');
  if (fields.length > 0) query['fieldSelector'] = fields.join(',');
  // Elsewhere there are objects of others, which count for pages; and of events a cluster's own controllers make some.
  if (!kind.namespaced || path.includes('{ns}')) Object.assign(query, paging(dice, kind));
  if (kind.resource === 'events' && query['limit'] !== undefined && /^[12]$/.test(query['limit']))
    delete query['limit'];
  return { method: 'GET', path: path + queryText(query), headers: { ...accept(dice), ...user(dice) } };
}

function paging(dice: Dice, { resource }: FuzzKind): Record<string, string> {
  const version = dice.pick([`{listrv:${resource}}`, `{rv:${resource}/a}`, `{old:${resource}/a}`]);
  return dice.weighted<Record<string, string>>([
    [50, {}],
    [14, { limit: String(dice.pick([1, 2])) }],
    [10, { limit: '1', continue: `{continue:${resource}}` }],
    [4, { resourceVersion: version, resourceVersionMatch: 'Exact' }],
    [4, { resourceVersion: version, resourceVersionMatch: 'NotOlderThan' }],
    [4, { resourceVersion: version }],
    [3, { resourceVersion: version, limit: '1' }],
    [1, { resourceVersion: 'abc' }],
    [1, { resourceVersion: '-1' }],
    [1, { resourceVersion: '99999999999' }],
    [1, { resourceVersionMatch: 'Exact' }],
    [1, { resourceVersion: '0', resourceVersionMatch: 'Exact' }],
    [1, { resourceVersion: version, resourceVersionMatch: 'Wrong' }],
    [1, { resourceVersion: version, continue: `{continue:${resource}}` }],
    [1, { limit: 'abc' }],
    [1, { limit: '-1' }],
    [1, { continue: 'nonsense' }],
    [1, { sendInitialEvents: 'true' }],
    [1, { timeoutSeconds: 'abc' }],
  ]);
}

export function watchStep(dice: Dice, kind: FuzzKind): Draft {
  // Controllers write claims at times of their own.
  if (kind.onlyDryRuns || kind.resource === 'persistentvolumeclaims') return listStep(dice, kind);
  const { path, fields, labels } = place(dice, kind);
  if (kind.isShared || dice.chance(60)) labels.push(dice.pick(WATCHABLE_LABELS));
  if (dice.chance(20)) fields.push('metadata.name!=a');
  const query: Record<string, string> = { watch: dice.pick(['true', '1']) };
  if (labels.length > 0) query['labelSelector'] = labels.join(',');
  if (fields.length > 0) query['fieldSelector'] = fields.join(',');
  Object.assign(query, beginning(dice, kind));
  return { method: 'GET', path: path + queryText(query), headers: watchHeaders(dice), watches: kind.resource };
}

function watchHeaders(dice: Dice): Record<string, string> {
  return dice.chance(20) ? { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' } : {};
}

function beginning(dice: Dice, { resource }: FuzzKind): Record<string, string> {
  const initial = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' };
  return dice.weighted<Record<string, string>>([
    [30, {}],
    [30, { resourceVersion: dice.pick([`{listrv:${resource}}`, `{rv:${resource}/a}`, `{old:${resource}/b}`]) }],
    [12, initial],
    [5, { ...initial, resourceVersion: `{rv:${resource}/a}` }],
    [2, { resourceVersion: 'abc' }],
    [2, { sendInitialEvents: 'true' }],
    [2, { ...initial, allowWatchBookmarks: 'false' }],
    [2, { resourceVersionMatch: 'NotOlderThan' }],
    [2, { sendInitialEvents: 'false', resourceVersionMatch: 'NotOlderThan' }],
    [2, { limit: '1' }],
  ]);
}
