import { isDeepStrictEqual } from 'node:util';

import { WavetankError } from '../../core/errors.ts';
import type { FieldType } from '../../harness/cluster/embedded/schema/field-type.ts';
import type { ApiClient } from './api-client.ts';
import type { KindEntry } from './discovery.ts';
import type { OpenApiParts } from './openapi.ts';
import { NAMESPACE, SAMPLES } from './samples.ts';
import type { Json } from './schema-walk.ts';
import { collectionPath, definitionOf, fieldsOf, sortedByKey } from './schema-walk.ts';

/**
 * Fields whose value follows from others, from the cluster or from admission: no default of the type.
 * Rules for the first are code (schema/defaults.ts, schema/create-strategy.ts), with vectors that check them.
 */
const NOT_DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  ObjectMeta: ['*'],
  PodSpec: ['serviceAccount', 'serviceAccountName', 'tolerations', 'priority', 'preemptionPolicy', 'nodeName'],
  Container: ['imagePullPolicy'],
  ImageVolumeSource: ['pullPolicy'],
  ContainerPort: ['hostPort'],
  ResourceRequirements: ['requests'],
  NetworkPolicySpec: ['policyTypes'],
  PersistentVolumeClaimSpec: ['dataSource', 'dataSourceRef', 'storageClassName'],
  Subject: ['apiGroup', 'namespace'],
  CustomResourceDefinitionNames: ['singular', 'listKind'],
  CustomResourceDefinitionStatus: ['*'],
  Namespace: ['spec', 'status'],
  NamespaceSpec: ['*'],
  NodeSpec: ['podCIDRs'],
  TokenReviewStatus: ['*'],
  SubjectAccessReviewStatus: ['*'],
  PodStatus: ['*'],
  PersistentVolumeStatus: ['*'],
  PersistentVolumeClaimStatus: ['*'],
  Secret: ['data'],
};

interface Instance {
  readonly definition: string;
  readonly kind: KindEntry;
  readonly sent: Json;
  readonly answered: Json;
  /** The whole object sent, with `fields` set in this instance instead. */
  readonly variant: (fields: Json) => Json;
}

/** An object whose status was written, and what the server made of it: statuses cannot be created. */
export interface WrittenStatus {
  readonly kind: KindEntry;
  readonly sent: Json;
  readonly answered: Json;
}

export interface Measured {
  defaults: Record<string, Record<string, unknown>>;
  withoutDefault: Record<string, string[]>;
  omitsZero: Record<string, string[]>;
  keepsZero: Record<string, string[]>;
}

export async function measureTypes(
  api: ApiClient,
  parts: OpenApiParts,
  kinds: readonly KindEntry[],
  written: readonly WrittenStatus[],
): Promise<Measured> {
  const seen = new Map<string, Instance>();
  const measured: Measured = { defaults: {}, withoutDefault: {}, omitsZero: {}, keepsZero: {} };
  for (const sample of SAMPLES) {
    const kind = kinds.find((entry) => sample.resource === resourceName(entry));
    if (!kind) continue;
    const sent = { apiVersion: kind.groupVersion, kind: kind.kind, ...sample.object };
    const answer = await create(api, kind, sent);
    if (answer.code >= 300) {
      throw new WavetankError(
        'SAMPLE_REFUSED',
        `the sample "${sample.name}" of ${sample.resource}: ${String(answer.body['message'])}`,
      );
    }
    const root: Instance = {
      definition: definitionOf(parts, kind),
      kind,
      sent,
      answered: answer.body,
      variant: (fields) => ({ ...sent, ...fields }),
    };
    for (const instance of instancesIn(parts, root)) {
      seen.set(instance.definition, seen.get(instance.definition) ?? instance);
      readDefaults(parts, instance, measured);
    }
  }
  for (const { kind, sent, answered } of written) {
    const root: Instance = { definition: definitionOf(parts, kind), kind, sent, answered, variant: () => sent };
    for (const instance of instancesIn(parts, root)) readDefaults(parts, instance, measured);
  }
  for (const instance of seen.values()) await probeZeros(api, parts, instance, measured);
  return {
    defaults: sortedByKey(measured.defaults),
    withoutDefault: sortedByKey(measured.withoutDefault),
    omitsZero: sortedByKey(measured.omitsZero),
    keepsZero: sortedByKey(measured.keepsZero),
  };
}

export function resourceName(kind: KindEntry): string {
  return kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`;
}

async function create(api: ApiClient, kind: KindEntry, object: Json): Promise<{ code: number; body: Json }> {
  return api.send('POST', `${collectionPath(kind, NAMESPACE)}?dryRun=All`, object);
}

/** The instance and all objects inside it that were sent and answered, with their definitions. */
function instancesIn(parts: OpenApiParts, instance: Instance): Instance[] {
  const found = [instance];
  for (const [name, type] of Object.entries(fieldsOf(parts, instance.definition))) {
    const definition = type.definition ?? type.element?.definition;
    if (definition === undefined) continue;
    for (const pair of pairsOf(type, instance.sent[name], instance.answered[name])) {
      const inner: Instance = {
        definition,
        kind: instance.kind,
        ...pair,
        variant: (fields) => instance.variant({ ...instance.sent, [name]: pair.rebuild({ ...pair.sent, ...fields }) }),
      };
      found.push(...instancesIn(parts, inner));
    }
  }
  return found;
}

function pairsOf(
  type: FieldType,
  sent: unknown,
  answered: unknown,
): { sent: Json; answered: Json; rebuild: (inner: Json) => unknown }[] {
  if (sent === undefined || answered === undefined) return [];
  if (type.form === 'object') return [{ sent: sent as Json, answered: answered as Json, rebuild: (inner) => inner }];
  if (type.form === 'list') {
    const list = sent as Json[];
    return list.flatMap((entry, index) => {
      const twin = (answered as Json[])[index];
      return twin === undefined
        ? []
        : [{ sent: entry, answered: twin, rebuild: (inner: Json) => list.with(index, inner) }];
    });
  }
  return [];
}

function isMeasurable(definition: string, field: string): boolean {
  const excluded = NOT_DEFAULTS[definition.slice(definition.lastIndexOf('.') + 1)];
  return !(excluded?.includes('*') || excluded?.includes(field));
}

/** Notes what differs from the OpenAPI document's own default: added without one, or not added in spite of one. */
function readDefaults(parts: OpenApiParts, instance: Instance, into: Measured): void {
  const properties = (parts.definitions[instance.definition]?.['properties'] ?? {}) as Record<string, Json>;
  for (const [name, schema] of Object.entries(properties)) {
    if (instance.sent[name] !== undefined || !isMeasurable(instance.definition, name)) continue;
    const added = instance.answered[name];
    if (name === 'status' || isFilledObject(added) || isDeepStrictEqual(added, schema['default'])) continue;
    if (name in instance.answered) (into.defaults[instance.definition] ??= {})[name] = added;
    else (into.withoutDefault[instance.definition] ??= []).push(name);
  }
}

/** An empty object with the defaults of its own fields: its own default is `{}`. */
function isFilledObject(added: unknown): boolean {
  return typeof added === 'object' && added !== null && !Array.isArray(added) && Object.keys(added).length > 0;
}

const ZEROS: Partial<Record<FieldType['form'], unknown>> = {
  string: '',
  integer: 0,
  boolean: false,
  list: [],
  map: {},
  object: {},
};

async function probeZeros(api: ApiClient, parts: OpenApiParts, instance: Instance, into: Measured): Promise<void> {
  for (const [name, type] of Object.entries(fieldsOf(parts, instance.definition))) {
    const zero = ZEROS[type.form];
    if (zero === undefined || name === 'apiVersion' || name === 'kind' || name === 'status') continue;
    const answer = await create(api, instance.kind, instance.variant({ [name]: zero }));
    if (answer.code >= 300) continue;
    const isKept = isDeepStrictEqual(findTwin(instance, answer.body)?.[name], zero);
    const list = isKept ? into.keepsZero : into.omitsZero;
    (list[instance.definition] ??= []).push(name);
  }
}

/** The instance's place in another answer: found by walking both in step. */
function findTwin(instance: Instance, answered: Json): Json | undefined {
  const marker = {};
  const path = pathTo(instance.variant({ marker }), marker);
  let at: unknown = answered;
  for (const step of path) at = (at as Json | undefined)?.[step];
  return at as Json | undefined;
}

function pathTo(value: unknown, marker: object): string[] {
  if (typeof value !== 'object' || value === null) return ['?'];
  for (const [key, child] of Object.entries(value)) {
    if (child === marker) return [];
    const rest = pathTo(child, marker);
    if (rest[0] !== '?') return [key, ...rest];
  }
  return ['?'];
}
