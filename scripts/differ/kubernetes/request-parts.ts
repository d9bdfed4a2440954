import type { Dice } from '../dice.ts';
import type { FuzzKind } from './kinds.ts';
import type { Edit, Json, JsonObject, Step } from './step.ts';

/** A step before it has its place. */
export type Draft = Omit<Step, 'index'>;

export const LETTERS = ['a', 'b', 'c'] as const;

/** References keep their braces: they are filled in per server, which also escapes them. */
export function queryText(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${escaped(value)}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function escaped(value: string): string {
  return encodeURIComponent(value)
    .replaceAll('%7B', '{')
    .replaceAll('%7D', '}')
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/');
}

const SHAPES = [
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json',
  'text/html',
  '*/*',
] as const;

export function accept(dice: Dice): Record<string, string> {
  return dice.chance(25) ? { accept: dice.pick(SHAPES) } : {};
}

/** Fields that mean something at one place only, and there nothing that is compared. */
export function isTouchable({ resource }: FuzzKind, path: Edit['path']): boolean {
  // Controllers put the finalizer of a claim back and write it, at times of their own.
  if (resource === 'persistentvolumeclaims') return path[1] !== 'finalizers' && path[1] !== 'resourceVersion';
  // Resources of a whole pod.
  return resource !== 'pods' || path[0] !== 'spec' || path[1] !== 'resources';
}

/** Changes of the fields that make an update conditional or that may not change at all. */
export function noise(dice: Dice, { resource }: FuzzKind, name: string): Edit[] {
  const key = `${resource}/${name}`;
  return dice.weighted<Edit[]>([
    [70, []],
    [8, [{ path: ['metadata', 'resourceVersion'], value: `{old:${key}}` }]],
    [4, [{ path: ['metadata', 'resourceVersion'] }]],
    [2, [{ path: ['metadata', 'resourceVersion'], value: 'abc' }]],
    [2, [{ path: ['metadata', 'resourceVersion'], value: '0' }]],
    [2, [{ path: ['metadata', 'uid'], value: '00000000-0000-4000-8000-000000000000' }]],
    [2, [{ path: ['metadata', 'uid'] }]],
    [2, [{ path: ['metadata', 'name'], value: 'other' }]],
    [2, [{ path: ['metadata', 'namespace'], value: 'other' }]],
    [2, [{ path: ['metadata', 'creationTimestamp'], value: '2020-01-02T03:04:05Z' }]],
    [2, [{ path: ['metadata', 'finalizers'], value: ['example.com/hold'] }]],
    [3, [{ path: ['metadata', 'finalizers'] }]],
    [1, [{ path: ['kind'], value: 'Other' }]],
    [1, [{ path: ['apiVersion'], value: 'v9' }]],
  ]);
}

export function withMetadata(sample: JsonObject, metadata: JsonObject): JsonObject {
  const { name: _name, ...rest } = (sample['metadata'] ?? {}) as Record<string, Json>;
  return { ...sample, metadata: { ...rest, ...metadata } };
}

/** Query parameters of a write. */
export function writeQuery(dice: Dice, kind: FuzzKind): Record<string, string> {
  const query: Record<string, string> = {};
  if (kind.onlyDryRuns || dice.chance(8)) query['dryRun'] = 'All';
  if (dice.chance(45)) query['fieldValidation'] = dice.pick(['Strict', 'Strict', 'Ignore', 'Warn']);
  if (dice.chance(1)) query['fieldValidation'] = 'Wrong';
  if (!kind.onlyDryRuns && dice.chance(1)) query['dryRun'] = 'Wrong';
  if (dice.chance(2)) query['fieldManager'] = dice.pick(['differ', 'x'.repeat(129)]);
  return query;
}

/** Who asks: the administrator, or somebody with fewer rights. */
export function user(dice: Dice): Record<string, string> {
  if (!dice.chance(14)) return {};
  return { 'impersonate-user': dice.pick(['viewer', 'editor', 'manager', 'reader', 'nobody']) };
}

export function bodyHeaders(dice: Dice): Record<string, string> {
  return { 'content-type': 'application/json', ...(dice.chance(6) ? accept(dice) : {}), ...user(dice) };
}
