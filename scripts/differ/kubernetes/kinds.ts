import { SAMPLES } from '../../kubernetes-schema/samples.ts';
import { definitionResource, PROBE_SCHEMA } from './probe-definition.ts';
import type { Schema } from './schema.ts';
import { schemaOf, servedKinds } from './schema.ts';
import type { Json, JsonObject } from './step.ts';

/** A kind as the generator of requests sees it. */
export interface FuzzKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: string;
  readonly namespaced: boolean;
  readonly schema: Schema;
  /** Objects that are accepted; their names are replaced. */
  readonly samples: readonly JsonObject[];
  readonly subresources: readonly string[];
  /** How often it is chosen. */
  readonly weight: number;
  /** A real cluster's controllers act on such objects at their own time: writes are dry runs. */
  readonly onlyDryRuns: boolean;
  /** A real cluster's controllers add such objects to a namespace: lists and watches select their own. */
  readonly isShared: boolean;
  /** Strategic merge patches do not exist for custom resources. */
  readonly isCustom: boolean;
}

const WEIGHTS: Readonly<Record<string, number>> = {
  pods: 22,
  configmaps: 14,
  secrets: 8,
  probes: 16,
  leases: 6,
  networkpolicies: 6,
  persistentvolumeclaims: 6,
  serviceaccounts: 5,
  events: 4,
  roles: 4,
  rolebindings: 4,
};

const ONLY_DRY_RUNS = new Set(['namespaces', 'nodes', 'persistentvolumes', definitionResource]);
const SHARED = new Set(['events', 'configmaps', 'serviceaccounts']);
/** Samples that are differences of their own, told in the accepted list of the generated schemas. */
const LEFT_OUT = new Set(['clusterroles.rbac.authorization.k8s.io rules']);

export const FUZZ_KINDS: readonly FuzzKind[] = [...builtIn(), probe()];

export const FUZZ_KIND_BY_RESOURCE = new Map(FUZZ_KINDS.map((kind) => [kind.resource, kind]));

function builtIn(): FuzzKind[] {
  return servedKinds
    .filter(({ verbs }) => verbs.includes('list'))
    .map((entry) => {
      const { group, version, kind, resource, namespaced } = entry;
      const name = group === '' ? resource : `${resource}.${group}`;
      const samples = SAMPLES.filter((sample) => sample.resource === name)
        .filter((sample) => !LEFT_OUT.has(`${name} ${sample.name}`))
        .map(({ object }) => labelled(inNamespace(resource === 'pods' ? unscheduled(object) : object), namespaced));
      return {
        group,
        version,
        kind,
        resource,
        namespaced,
        schema: schemaOf(entry),
        samples: samples.map((sample) => ({ apiVersion: entry.groupVersion, kind, ...sample })),
        subresources: entry.subresources.map((subresource) => subresource.name),
        weight: WEIGHTS[resource] ?? 2,
        onlyDryRuns: ONLY_DRY_RUNS.has(resource),
        isShared: SHARED.has(resource),
        isCustom: false,
      };
    });
}

function probe(): FuzzKind {
  const { group, version, kind } = { group: 'differ.example.com', version: 'v1', kind: 'Probe' };
  const sample = (spec: JsonObject): JsonObject =>
    labelled({ apiVersion: `${group}/${version}`, kind, metadata: { name: 'a' }, spec }, true);
  return {
    group,
    version,
    kind,
    resource: 'probes',
    namespaced: true,
    schema: PROBE_SCHEMA,
    samples: [
      sample({ size: 1 }),
      sample({ size: 3, mode: 'off', steps: [{ name: 'one', count: 2 }, { name: 'two' }], tags: ['a', 'b'] }),
      sample({ size: 2, limits: { cpu: '1', memory: 5 }, free: { any: [1, 'two'] }, when: '2020-01-02T03:04:05Z' }),
    ],
    subresources: ['status'],
    weight: WEIGHTS['probes'] ?? 1,
    onlyDryRuns: false,
    isShared: false,
    isCustom: true,
  };
}

/** The API alone is compared: nothing schedules the pod, so that its state is what the requests make of it. */
function unscheduled(pod: unknown): unknown {
  const { spec, ...rest } = pod as { spec: { volumes?: { ephemeral?: object }[] } };
  // Claims of ephemeral volumes are a controller's, which is not here.
  const volumes = spec.volumes?.filter(({ ephemeral }) => ephemeral === undefined);
  return { ...rest, spec: { ...spec, ...(volumes ? { volumes } : {}), schedulerName: 'nobody' } };
}

/** Objects of the whole cluster say which sequence they are of: lists select by it, and so does the cleaning. */
function labelled(object: unknown, namespaced: boolean): JsonObject {
  const { metadata, ...rest } = object as { metadata?: { labels?: object } };
  const labels = { tier: 'front', ...(namespaced ? {} : { sequence: '{ns}' }), ...metadata?.labels };
  return { ...rest, metadata: { ...metadata, labels } } as unknown as JsonObject;
}

/** The samples are written for a namespace of another purpose. */
function inNamespace(value: unknown): Json {
  return JSON.parse(JSON.stringify(value).replaceAll('"vectors"', '"{ns}"')) as Json;
}

/** Where the objects of a kind are. */
export function collectionOf({ group, version, resource, namespaced }: FuzzKind): string {
  const root = group === '' ? '/api/v1' : `/apis/${group}/${version}`;
  return namespaced ? `${root}/namespaces/{ns}/${resource}` : `${root}/${resource}`;
}

/** Names that requests of one sequence share, so that they meet; those of the whole cluster carry the sequence's own prefix. */
export function nameOf({ namespaced, resource }: FuzzKind, letter: string): string {
  if (resource === definitionResource) return 'widgets.example.com';
  // Its own namespace is the one object of this kind that is there.
  if (resource === 'namespaces' && letter === 'a') return '{ns}';
  return namespaced ? letter : `{ns}-${letter}`;
}
