import type { Dice } from '../dice.ts';
import type { Schema } from './schema.ts';
import { isJsonObject, resolved } from './schema.ts';
import type { Edit, Json, JsonObject } from './step.ts';

/** A field of a kind, and what an object has there. */
interface Place {
  readonly path: readonly (string | number)[];
  readonly schema: Schema;
  readonly value: Json | undefined;
}

const DEEPEST = 7;

/** What the embedded cluster refuses or does not look into: docs/fidelity-kubernetes.md and docs/fidelity-kubelet.md name them. */
const NOT_SERVED = `
  awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk gitRepo glusterfs iscsi nfs
  photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume hostPath local ephemeral image
  clusterTrustBundle podCertificate resourceClaims claims windowsOptions overhead runtimeClassName resizePolicy
  restartPolicyRules ephemeralContainers affinity topologySpreadConstraints schedulingGates os aggregationRule
  allowedTopologies conversion selectableFields series related dataSource dataSourceRef volumeAttributesClassName fileKeyRef
  hostnameOverride stopSignal strategy preferredHolder nodeAffinity versions configSource extra 
  parameters capacity reclaimPolicy labelSelector fieldSelector
`
  .trim()
  .split(/\s+/);

/** Fields that a server makes up or that take the object out of the test's hands. */
const LEFT_ALONE = new Set([
  'managedFields',
  'selfLink',
  'ownerReferences',
  'schedulerName',
  'status',
  'generateName',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  // A token that is mounted by itself would be in every later state of the pod.
  'automountServiceAccountToken',
  ...NOT_SERVED,
]);

const STRINGS = [
  '',
  'a',
  'b',
  'other',
  'A_b',
  'with space',
  'x'.repeat(64),
  'x'.repeat(254),
  'example.com/key',
  '10Gi',
  '100m',
  '5',
  '-1',
  '1.5',
  'Always',
  'Never',
  'ReadWriteOnce',
  'Exists',
  'TCP',
  '/data',
  '../up',
  'YQ==',
  '2020-01-02T03:04:05Z',
  '10.0.0.0/8',
  'ünï',
] as const;
const NUMBERS = [0, 1, 2, 30, 80, 65_535, 65_536, -1, 2_147_483_647, 2_147_483_648, 1.5] as const;
const KEYS = ['a', 'b', 'app', 'tier', 'example.com/key', 'Bad Key', '', '-x', 'x'.repeat(64)] as const;
const SOUND_KEYS = ['a', 'b', 'app', 'example.com/key'] as const;

/** One to three random changes of an object of this schema. */
export function randomEdits(dice: Dice, schema: Schema, sample: Json): Edit[] {
  const count = dice.weighted([
    [70, 1],
    [20, 2],
    [10, 3],
  ]);
  return Array.from({ length: count }, () => randomEdit(dice, schema, sample));
}

/** A change that the kind most likely takes: labels, annotations, data. */
export function harmlessEdit(dice: Dice): Edit {
  const field = dice.pick(['labels', 'annotations'] as const);
  const key = field === 'labels' ? dice.pick(['app', 'tier', 'other']) : dice.pick(SOUND_KEYS);
  const path = ['metadata', field, key];
  return dice.chance(20) ? { path } : { path, value: dice.pick(['front', 'back', 'x', '']) };
}

function randomEdit(dice: Dice, schema: Schema, sample: Json): Edit {
  const { path, schema: found, value } = randomPlace(dice, schema, sample);
  const kind = dice.weighted([
    [50, 'sound'],
    [14, 'wrong type'],
    [14, 'absent'],
    [8, 'unknown field'],
    [8, 'empty'],
    [6, 'null'],
  ] as const);
  switch (kind) {
    case 'sound':
      return { path, value: soundValue(dice, found, value, 3) };
    case 'wrong type':
      return { path, value: wrongValue(dice, found) };
    case 'absent':
      return { path };
    case 'unknown field':
      return { path: [...parentOf(path), 'surplus'], value: 'x' };
    case 'empty':
      return { path, value: emptyValue(found) };
    case 'null':
      return { path, value: null };
  }
}

/** The nearest object above, where a field can be added. */
function parentOf(path: Place['path']): Place['path'] {
  const parent = path.slice(0, -1);
  return typeof parent.at(-1) === 'number' || parent.length > 0 ? parent : [];
}

function randomPlace(dice: Dice, root: Schema, sample: Json): Place {
  let place: Place = { path: [], schema: resolved(root), value: sample };
  for (let depth = 0; depth < DEEPEST; depth++) {
    const next = oneDeeper(dice, place);
    if (next === undefined) break;
    place = next;
    if (depth > 0 && dice.chance(22)) break;
  }
  return place;
}

function oneDeeper(dice: Dice, { path, schema, value }: Place): Place | undefined {
  if (schema.properties !== undefined) {
    const present = isJsonObject(value) ? Object.keys(value) : [];
    // Most kinds have few fields beside these two, which would be changed in every other request.
    const isRare = path.length === 0 && !dice.chance(8);
    const all = Object.keys(schema.properties).filter(
      (name) => !LEFT_ALONE.has(name) && !(isRare && (name === 'apiVersion' || name === 'kind')),
    );
    const known = present.filter((name) => all.includes(name));
    if (all.length === 0) return undefined;
    const name = known.length > 0 && dice.chance(65) ? dice.pick(known) : dice.pick(all);
    const child = schema.properties[name];
    if (child === undefined) return undefined;
    return {
      path: [...path, name],
      schema: resolved(child),
      value: isJsonObject(value) ? (value[name] as Json) : undefined,
    };
  }
  if (typeof schema.additionalProperties === 'object') {
    const present = isJsonObject(value) ? Object.keys(value) : [];
    const key =
      present.length > 0 && dice.chance(50) ? dice.pick(present) : dice.pick(dice.chance(80) ? SOUND_KEYS : KEYS);
    const child = isJsonObject(value) ? (value[key] as Json | undefined) : undefined;
    return { path: [...path, key], schema: resolved(schema.additionalProperties), value: child };
  }
  if (schema.items !== undefined) {
    const list = Array.isArray(value) ? (value as readonly Json[]) : [];
    const index = dice.below(list.length + (dice.chance(30) ? 1 : 0));
    return { path: [...path, index], schema: resolved(schema.items), value: list[index] };
  }
  return undefined;
}

/** A value of the field's type; with luck one that its rules allow. */
function soundValue(dice: Dice, schema: Schema, current: Json | undefined, depth: number): Json {
  if (schema.enum !== undefined) return dice.pick(schema.enum);
  if (schema.properties !== undefined) {
    if (depth === 0) return {};
    const fields = Object.entries(schema.properties).filter(([name]) => !LEFT_ALONE.has(name));
    const chosen = fields.filter(([name]) => schema.required?.includes(name) === true || dice.chance(25));
    return Object.fromEntries(
      chosen.slice(0, 5).map(([name, child]) => [name, soundValue(dice, resolved(child), undefined, depth - 1)]),
    );
  }
  if (typeof schema.additionalProperties === 'object')
    return { [dice.pick(SOUND_KEYS)]: soundValue(dice, resolved(schema.additionalProperties), undefined, depth - 1) };
  if (schema.items !== undefined) {
    const item = soundValue(dice, resolved(schema.items), undefined, Math.max(0, depth - 1));
    return Array.isArray(current) && dice.chance(50) ? [...(current as readonly Json[]), item] : [item];
  }
  return scalar(dice, schema);
}

function scalar(dice: Dice, schema: Schema): Json {
  switch (schema.type) {
    case 'integer':
    case 'number':
      return dice.pick(NUMBERS);
    case 'boolean':
      return dice.chance(50);
    case 'object':
      return { a: 'b' };
    default:
      return dice.chance(10) && schema.format === undefined ? dice.pick(NUMBERS.map(String)) : dice.pick(STRINGS);
  }
}

function wrongValue(dice: Dice, schema: Schema): Json {
  // A list of bytes is what its elements make of it.
  const list: readonly (readonly [string, Json])[] = schema.format === 'byte' ? [] : [['array', ['wrong']]];
  const choices: readonly (readonly [string, Json])[] = [
    ['string', 'wrong'],
    ['integer', 7],
    ['boolean', true],
    ['object', { wrong: 'x' }],
    ...list,
  ];
  const type = schema.type ?? (schema.properties === undefined ? 'string' : 'object');
  return dice.pick(choices.filter(([name]) => name !== type))[1];
}

function emptyValue(schema: Schema): Json {
  if (schema.type === 'array') return [];
  if (schema.type === 'integer' || schema.type === 'number') return 0;
  if (schema.type === 'boolean') return false;
  return schema.type === 'string' ? '' : {};
}

/** The edits as a merge patch: what goes is null, and a list goes whole. */
export function asMergePatch(edits: readonly Edit[], sample: Json, keepsLists: boolean): JsonObject {
  let patch: Json = {};
  for (const { path, value } of edits) patch = merged(patch, path, value ?? null, sample, keepsLists);
  return isJsonObject(patch) ? patch : {};
}

function merged(patch: Json, path: Edit['path'], value: Json, sample: Json | undefined, keepsLists: boolean): Json {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (typeof head === 'number') {
    const element = Array.isArray(sample) ? (sample[head] as Json | undefined) : undefined;
    // A strategic merge patch finds the element by its key, so the key has to be in it.
    const start = keepsLists && isJsonObject(element) ? keysOf(element) : (element ?? {});
    return [merged(start, rest, value, element, keepsLists)];
  }
  const object = isJsonObject(patch) ? patch : {};
  const below = isJsonObject(sample) ? sample[head] : undefined;
  return { ...object, [head]: merged(object[head] ?? {}, rest, value, below, keepsLists) };
}

const MERGE_KEYS = ['name', 'containerPort', 'mountPath', 'type', 'key', 'uid', 'ip', 'topologyKey', 'port'];

function keysOf(element: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(element).filter(([name]) => MERGE_KEYS.includes(name)));
}

/** The edits as operations of a JSON patch, not all of which will find their place. */
export function asJsonPatch(dice: Dice, edits: readonly Edit[]): Json[] {
  return edits.map(({ path, value }) => {
    const pointer = path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    const op = value === undefined ? 'remove' : dice.pick(['add', 'replace', 'add', 'test']);
    if (dice.chance(5)) return { op: dice.pick(['move', 'copy']), from: pointer, path: '/metadata/labels/moved' };
    return value === undefined ? { op, path: pointer } : { op, path: pointer, value };
  });
}
