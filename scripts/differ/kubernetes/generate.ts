import { Dice } from '../dice.ts';
import { harmlessEdit, randomEdits } from './edits.ts';
import type { FuzzKind } from './kinds.ts';
import { collectionOf, FUZZ_KINDS, nameOf } from './kinds.ts';
import type { Draft } from './request-parts.ts';
import {
  accept,
  bodyHeaders,
  isTouchable,
  LETTERS,
  noise,
  queryText,
  user,
  withMetadata,
  writeQuery,
} from './request-parts.ts';
import { listStep, watchStep } from './reads.ts';
import { reviewStep } from './reviews.ts';
import type { Body, JsonObject, Step } from './step.ts';
import { evictionStep, statusStep, tokenStep, bindingStep, logStep } from './subresource-steps.ts';
import { patchStep } from './patches.ts';
import { brokenStep } from './broken-requests.ts';
import { deleteCollectionStep, deleteStep } from './deletions.ts';

/** Step number `index` of a sequence: it depends on nothing but the seed and the two numbers, so that any subset can be replayed. */
export function stepOf(seed: string, sequence: number, index: number): Step {
  const dice = new Dice(`${seed}/${sequence}/${index}`);
  const { make } = dice.weighted(MAKERS);
  return { index, ...make(dice, dice.pick(kindsOf(seed, sequence)), index) };
}

/** What kind of request that step is, for the report. */
export function operationOf(seed: string, sequence: number, index: number): string {
  return new Dice(`${seed}/${sequence}/${index}`).weighted(MAKERS).operation;
}

type Maker = (dice: Dice, kind: FuzzKind, index: number) => Draft;

const MAKERS: readonly (readonly [number, { readonly operation: string; readonly make: Maker }])[] = [
  [24, { operation: 'create', make: createStep }],
  [15, { operation: 'replace', make: replaceStep }],
  [20, { operation: 'patch', make: patchStep }],
  [7, { operation: 'get', make: getStep }],
  [10, { operation: 'list', make: listStep }],
  [8, { operation: 'delete', make: deleteStep }],
  [2, { operation: 'delete collection', make: deleteCollectionStep }],
  [2, { operation: 'watch', make: watchStep }],
  [5, { operation: 'status', make: statusStep }],
  [1, { operation: 'eviction', make: evictionStep }],
  [1, { operation: 'binding', make: bindingStep }],
  [1, { operation: 'token', make: tokenStep }],
  [1, { operation: 'log', make: logStep }],
  [2, { operation: 'review', make: reviewStep }],
  [4, { operation: 'malformed', make: brokenStep }],
];

const KINDS_PER_SEQUENCE = 4;

/** A sequence keeps to a few kinds, so that its requests meet each other's objects. */
function kindsOf(seed: string, sequence: number): FuzzKind[] {
  const dice = new Dice(`${seed}/${sequence}`);
  return Array.from({ length: KINDS_PER_SEQUENCE }, () =>
    dice.weighted(FUZZ_KINDS.map((kind) => [kind.weight, kind] as const)),
  );
}

function createStep(dice: Dice, kind: FuzzKind, index: number): Draft {
  const name = nameOf(kind, dice.pick(LETTERS));
  const sample = dice.pick(kind.samples);
  // A prefix of its own for every step: both servers then sort the made-up names alike.
  const naming: JsonObject = dice.chance(8) ? { generateName: `gen-${index}-` } : { name };
  const value = withMetadata(sample, naming);
  const own = dice.chance(45) ? randomEdits(dice, kind.schema, value) : dice.chance(40) ? [harmlessEdit(dice)] : [];
  const edits = own.filter(({ path }) => isTouchable(kind, path));
  return {
    method: 'POST',
    path: collectionOf(kind) + queryText(writeQuery(dice, kind)),
    headers: bodyHeaders(dice),
    body: { form: 'object', value, edits, encoding: 'json' },
  };
}

function replaceStep(dice: Dice, kind: FuzzKind): Draft {
  const name = nameOf(kind, dice.pick(LETTERS));
  const sample = withMetadata(dice.pick(kind.samples), { name });
  const own = dice.chance(50) ? randomEdits(dice, kind.schema, sample) : [harmlessEdit(dice)];
  const edits = [...own, ...noise(dice, kind, name)].filter(({ path }) => isTouchable(kind, path));
  if (kind.resource === 'persistentvolumeclaims') edits.push({ path: ['metadata', 'resourceVersion'] });
  const isClaim = kind.resource === 'persistentvolumeclaims';
  const base = isClaim || dice.chance(85) ? `${kind.resource}/${name}` : undefined;
  return {
    method: 'PUT',
    path: `${collectionOf(kind)}/${name}` + queryText(writeQuery(dice, kind)),
    headers: bodyHeaders(dice),
    body: { form: 'object', base, value: sample, edits, encoding: 'json' } satisfies Body,
  };
}

function getStep(dice: Dice, kind: FuzzKind): Draft {
  const name = nameOf(kind, dice.pick(LETTERS));
  return { method: 'GET', path: `${collectionOf(kind)}/${name}`, headers: { ...accept(dice), ...user(dice) } };
}
