import type { Dice } from '../dice.ts';
import { asJsonPatch, asMergePatch, harmlessEdit, randomEdits } from './edits.ts';
import type { FuzzKind } from './kinds.ts';
import { collectionOf, nameOf } from './kinds.ts';
import type { Edit, Json, JsonObject } from './step.ts';
import type { Draft } from './request-parts.ts';
import { isTouchable, LETTERS, noise, queryText, user, withMetadata, writeQuery } from './request-parts.ts';

const TYPES = ['json-patch', 'merge-patch', 'strategic-merge-patch'] as const;

export function patchStep(dice: Dice, kind: FuzzKind): Draft {
  const name = nameOf(kind, dice.pick(LETTERS));
  const sample = withMetadata(dice.pick(kind.samples), { name });
  const own = dice.chance(50) ? randomEdits(dice, kind.schema, sample) : [harmlessEdit(dice)];
  const all = dice.chance(30) ? [...own, ...noise(dice, kind, name)] : own;
  // A patch that takes the version away makes the real server read an internal type.
  const edits = all.filter(({ path }) => path[0] !== 'apiVersion' && isTouchable(kind, path));
  const type = dice.pick(kind.isCustom && dice.chance(90) ? (['json-patch', 'merge-patch'] as const) : TYPES);
  return {
    method: 'PATCH',
    path: `${collectionOf(kind)}/${name}${queryText(writeQuery(dice, kind))}`,
    headers: { 'content-type': `application/${type}+json`, ...user(dice) },
    body: { form: 'object', value: patchOf(dice, type, edits, sample), edits: [], encoding: 'json' },
  };
}

function patchOf(dice: Dice, type: (typeof TYPES)[number], edits: readonly Edit[], sample: JsonObject): Json {
  if (type === 'json-patch') return asJsonPatch(dice, edits);
  const patch = asMergePatch(edits, sample, type === 'strategic-merge-patch');
  if (type === 'merge-patch' || !dice.chance(12)) return patch;
  return withDirective(dice, patch);
}

/** What only strategic merge patches know. */
function withDirective(dice: Dice, patch: JsonObject): JsonObject {
  const metadata = (patch['metadata'] ?? {}) as JsonObject;
  return dice.pick<JsonObject>([
    { ...patch, metadata: { ...metadata, labels: { $patch: 'replace', tier: 'back' } } },
    { ...patch, metadata: { ...metadata, labels: { $patch: 'delete' } } },
    { ...patch, metadata: { ...metadata, labels: { $patch: 'merge', app: 'x' } } },
    { ...patch, metadata: { ...metadata, labels: { $patch: 'wrong' } } },
    {
      ...patch,
      metadata: { ...metadata, $deleteFromPrimitiveList: { finalizers: ['example.com/hold'] } },
    } as JsonObject,
    {
      ...patch,
      metadata: { ...metadata, $retainKeys: ['name', 'namespace', 'labels'], labels: { app: 'x' } },
    } as JsonObject,
    { ...patch, $patch: 'replace' } as JsonObject,
  ]);
}
