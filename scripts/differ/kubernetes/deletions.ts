import type { Dice } from '../dice.ts';
import type { FuzzKind } from './kinds.ts';
import { collectionOf, nameOf } from './kinds.ts';
import type { JsonObject } from './step.ts';
import type { Draft } from './request-parts.ts';
import { accept, LETTERS, queryText, user } from './request-parts.ts';

export function deleteStep(dice: Dice, kind: FuzzKind): Draft {
  const name = nameOf(kind, dice.pick(LETTERS));
  const query: Record<string, string> = kind.onlyDryRuns || dice.chance(8) ? { dryRun: 'All' } : {};
  const chosen = dice.chance(55) ? deleteOptions(dice, kind, name) : undefined;
  // With a body the server does not look at the query.
  const isHarmless = chosen === undefined || !kind.onlyDryRuns || 'dryRun' in chosen;
  const options = isHarmless ? chosen : { ...chosen, dryRun: ['All'] };
  // The finalizer of a claim is taken away by a controller.
  const isGuarded = kind.resource === 'persistentvolumeclaims';
  const isCollected =
    isGuarded || options?.['propagationPolicy'] === 'Foreground' || options?.['propagationPolicy'] === 'Orphan';
  return {
    method: 'DELETE',
    path: `${collectionOf(kind)}/${name}${queryText(query)}`,
    headers: { 'content-type': 'application/json', ...(dice.chance(5) ? accept(dice) : {}), ...user(dice) },
    ...(options === undefined
      ? {}
      : { body: { form: 'object' as const, value: options, edits: [], encoding: 'json' as const } }),
    ...(isCollected && !kind.onlyDryRuns ? { awaitsController: `${kind.resource}/${name}` } : {}),
  };
}

function deleteOptions(dice: Dice, kind: FuzzKind, name: string): JsonObject {
  const key = `${kind.resource}/${name}`;
  // The garbage collector learns of new definitions every half minute only.
  const collected: number = kind.isCustom ? 0 : 12;
  const ofVersion = kind.resource === 'persistentvolumeclaims' ? 0 : 9;
  return dice.weighted<JsonObject>([
    [10, {}],
    [12, { gracePeriodSeconds: dice.pick([0, 1, 30, -1]) }],
    [10, { preconditions: { uid: `{uid:${key}}` } }],
    [ofVersion, { preconditions: { resourceVersion: `{rv:${key}}` } }],
    [ofVersion, { preconditions: { resourceVersion: `{old:${key}}` } }],
    [8, { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } }],
    [10, { propagationPolicy: 'Background' }],
    [collected, { propagationPolicy: 'Foreground' }],
    [collected, { propagationPolicy: 'Orphan' }],
    [3, { propagationPolicy: 'Wrong' }],
    [3, { orphanDependents: true, propagationPolicy: 'Background' }],
    [3, { gracePeriodSeconds: 'x' }],
    [3, { dryRun: ['All'] }],
    [2, { dryRun: ['Wrong'] }],
    [3, { surplus: 'x' }],
    [3, { kind: 'DeleteOptions', apiVersion: 'v1' }],
    [2, { kind: 'Other', apiVersion: 'v1' }],
    [2, { kind: 'DeleteOptions', apiVersion: 'v9' }],
  ]);
}

export function deleteCollectionStep(dice: Dice, kind: FuzzKind): Draft {
  const labelSelector = kind.namespaced ? dice.pick(['app', 'tier=back', 'tier in (back,other)']) : 'sequence={ns},app';
  const query: Record<string, string> = { labelSelector };
  if (kind.onlyDryRuns || kind.resource === 'persistentvolumeclaims' || dice.chance(20)) query['dryRun'] = 'All';
  if (dice.chance(10)) query['gracePeriodSeconds'] = dice.pick(['0', 'x']);
  if (dice.chance(10)) query['limit'] = '1';
  return { method: 'DELETE', path: collectionOf(kind) + queryText(query), headers: user(dice) };
}
