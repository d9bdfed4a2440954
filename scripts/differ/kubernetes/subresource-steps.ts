import type { Dice } from '../dice.ts';
import { asMergePatch, harmlessEdit, randomEdits } from './edits.ts';
import type { FuzzKind } from './kinds.ts';
import { collectionOf, FUZZ_KIND_BY_RESOURCE, nameOf } from './kinds.ts';
import type { Schema } from './schema.ts';
import { resolved, schemaOf } from './schema.ts';
import type { Edit, Json, JsonObject } from './step.ts';
import type { Draft } from './request-parts.ts';
import {
  bodyHeaders,
  LETTERS,
  isTouchable,
  noise,
  queryText,
  user,
  withMetadata,
  writeQuery,
} from './request-parts.ts';

const STATUSES: Readonly<Record<string, readonly Json[]>> = {
  pods: [
    { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2020-01-02T03:04:05Z' }] },
    { phase: 'Succeeded', reason: 'Done', message: 'said' },
    { phase: 'Failed', containerStatuses: [{ name: 'main', image: 'a', imageID: 'b', restartCount: 0, ready: false }] },
  ],
  probes: [{ phase: 'Idle' }, { phase: 'Busy', observedGeneration: 1 }, { phase: 'Lost' }],
  persistentvolumeclaims: [{ phase: 'Lost' }, { phase: 'Pending' }],
  namespaces: [{ phase: 'Active' }, { phase: 'Terminating' }],
};

/** Their status is a controller's, and has a say in what may be changed. */
const SIMPLE = new Set(['persistentvolumeclaims', 'namespaces']);

function kindWithStatus(dice: Dice, kind: FuzzKind): FuzzKind {
  if (kind.subresources.includes('status')) return kind;
  return FUZZ_KIND_BY_RESOURCE.get(dice.pick(['pods', 'pods', 'probes', 'probes', 'persistentvolumeclaims'])) ?? kind;
}

/** Reads, replaces or patches a status. */
export function statusStep(dice: Dice, chosen: FuzzKind): Draft {
  const kind = kindWithStatus(dice, chosen);
  const name = nameOf(kind, dice.pick(LETTERS));
  const sample = withMetadata(dice.pick(kind.samples), { name });
  const path = `${collectionOf(kind)}/${name}/status`;
  if (dice.chance(12)) return { method: 'GET', path, headers: user(dice) };
  const schema = kind.schema.properties?.['status'];
  const edits = [...statusEdits(dice, kind, schema), ...(dice.chance(25) ? [harmlessEdit(dice)] : [])];
  const full = path + queryText(writeQuery(dice, kind));
  const awaits = kind.resource === 'persistentvolumeclaims' ? { awaitsController: `${kind.resource}/${name}` } : {};
  if (dice.chance(50)) {
    const base = `${kind.resource}/${name}`;
    const more = dice.chance(30) ? [...edits, ...noise(dice, kind, name)] : edits;
    const all = more.filter(({ path: field }) => isTouchable(kind, field));
    if (kind.resource === 'persistentvolumeclaims') all.push({ path: ['metadata', 'resourceVersion'] });
    return {
      method: 'PUT',
      path: full,
      headers: bodyHeaders(dice),
      body: { form: 'object', base, value: sample, edits: all, encoding: 'json' },
      ...awaits,
    };
  }
  const type = dice.pick(kind.isCustom ? ['merge-patch'] : ['merge-patch', 'strategic-merge-patch']);
  const value = asMergePatch(edits, sample, type !== 'merge-patch');
  return {
    method: 'PATCH',
    path: full,
    headers: { 'content-type': `application/${type}+json`, ...user(dice) },
    body: { form: 'object', value, edits: [], encoding: 'json' },
    ...awaits,
  };
}

function statusEdits(dice: Dice, { resource }: FuzzKind, schema: Schema | undefined): Edit[] {
  const known = STATUSES[resource];
  if (known !== undefined && (SIMPLE.has(resource) || dice.chance(65)))
    return [{ path: ['status'], value: dice.pick(known) }];
  if (schema === undefined) return [];
  return randomEdits(dice, resolved(schema), known?.[0] ?? {}).map(({ path, ...rest }) => ({
    path: ['status', ...path],
    ...rest,
  }));
}

function podPath(dice: Dice): string {
  return `/api/v1/namespaces/{ns}/pods/${dice.pick(LETTERS)}`;
}

function post(dice: Dice, path: string, value: JsonObject, schema: Schema, chance: number): Draft {
  const all = dice.chance(chance) ? randomEdits(dice, schema, value) : [];
  const edits = all.filter(({ path: field }) => !field.includes('uid'));
  const query = queryText(dice.chance(15) ? { dryRun: 'All' } : {});
  return {
    method: 'POST',
    path: path + query,
    headers: { 'content-type': 'application/json', ...user(dice) },
    body: { form: 'object', value, edits, encoding: 'json' },
  };
}

export function evictionStep(dice: Dice): Draft {
  const path = podPath(dice);
  const name = path.split('/').at(-1) ?? '';
  const value = dice.pick<JsonObject>([
    { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } },
    {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace: '{ns}' },
      deleteOptions: { gracePeriodSeconds: 0 },
    },
    { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, deleteOptions: { dryRun: ['All'] } },
    { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'other' } },
    {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name },
      deleteOptions: { preconditions: { uid: 'other' } },
    },
    { kind: 'Eviction', metadata: { name } },
    {},
  ]);
  return post(dice, `${path}/eviction`, value, { type: 'object' }, 0);
}

/** To a node that does not exist: nobody runs it, but deletions then have a grace period. */
export function bindingStep(dice: Dice): Draft {
  const path = podPath(dice);
  const name = path.split('/').at(-1) ?? '';
  const target = { apiVersion: 'v1', kind: 'Node', name: 'nowhere' };
  const value = dice.pick<JsonObject>([
    { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target },
    { apiVersion: 'v1', kind: 'Binding', metadata: { name, annotations: { bound: 'yes' } }, target },
    { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { kind: 'Other', name: 'x' } },
    { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: {} },
    { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'other' }, target },
  ]);
  return post(dice, `${path}/binding`, value, { type: 'object' }, 0);
}

export function tokenStep(dice: Dice): Draft {
  const name = dice.pick(['default', 'a', 'b']);
  const request = (spec: JsonObject): JsonObject => ({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec,
  });
  const value = dice.pick<JsonObject>([
    request({ audiences: ['x'] }),
    request({ audiences: ['x'], expirationSeconds: 600 }),
    request({ audiences: ['x'], expirationSeconds: 599 }),
    request({ audiences: ['x'], expirationSeconds: 4_294_967_297 }),
    request({ audiences: ['x'], boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'a', uid: '{uid:pods/a}' } }),
    request({ audiences: ['x'], boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'a', uid: 'other' } }),
    request({ audiences: ['x'], boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'absent' } }),
    request({ audiences: ['x'], boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'a' } }),
  ]);
  const schema = schemaOf({ group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' });
  return post(dice, `/api/v1/namespaces/{ns}/serviceaccounts/${name}/token`, value, schema, 25);
}

export function logStep(dice: Dice): Draft {
  const query: Record<string, string> = {};
  if (dice.chance(40)) query['container'] = dice.pick(['main', 'other', 'first']);
  if (dice.chance(20)) query['tailLines'] = dice.pick(['1', '-1', 'x']);
  if (dice.chance(10)) query['sinceSeconds'] = dice.pick(['0', '5']);
  if (dice.chance(10)) query['limitBytes'] = dice.pick(['0', '5']);
  if (query['sinceSeconds'] === undefined && dice.chance(5))
    query['sinceTime'] = dice.pick(['x', '2020-01-02T03:04:05Z']);
  return { method: 'GET', path: `${podPath(dice)}/log${queryText(query)}`, headers: user(dice) };
}
