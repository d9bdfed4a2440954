import type { FieldCause, KindName, SchemaFace } from '../schema-face.ts';
import { decodeObject } from './decode.ts';
import { applyDefaults } from './defaults.ts';
import type { Definition } from './definitions.ts';
import { openDefinitions } from './definitions.ts';
import type { GeneratedFiles } from './generated-files.ts';
import { openGeneratedFiles } from './generated-files.ts';
import { composeOpenApi } from './open-api-document.ts';
import { patchRootOf } from './patch-node.ts';
import { roundTrip } from './round-trip.ts';
import { validateMetadata } from './validate/metadata.ts';
import { dnsSubdomain } from './validate/names.ts';
import { wrapIntegers } from './wrap-integers.ts';
import { NAME_CHECKS, NEW_VALIDATORS, UPDATE_VALIDATORS, VALIDATORS } from './validators.ts';

const isEvent = (kind: KindName): boolean => kind.group === '' && kind.kind === 'Event';
const ANY_FINALIZER = new Set(['apiextensions.k8s.io', 'coordination.k8s.io']);

/** Opens the generated files lazily: only discovery's is read before a first object arrives. */
export function openBuiltInSchemas(files: GeneratedFiles = openGeneratedFiles()): SchemaFace {
  const definitions = openDefinitions(files);
  const documents = new Map<string, string>();
  /** An unknown kind has no rules: the caller serves only what `kinds` lists. */
  const withDefinition = <T>(kind: KindName, otherwise: T, use: (definition: Definition) => T): T => {
    const definition = definitions.ofKind(kind);
    return definition ? use(definition) : otherwise;
  };
  return {
    get kubernetesVersion() {
      return files.kinds().version;
    },
    get kinds() {
      return files.kinds().kinds;
    },
    openApiV3(path) {
      let document = documents.get(path);
      if (document === undefined) {
        document = composeOpenApi(files, path, 'Kubernetes', files.kinds().version.gitVersion);
        if (document !== undefined) documents.set(path, document);
      }
      return document;
    },
    decode: (kind, object) =>
      withDefinition(kind, { unknownFields: [], typeError: undefined }, (definition) =>
        decodeObject(definitions, definition, object),
      ),
    prune: (kind, object) =>
      withDefinition(kind, undefined, (definition) => roundTrip(definitions, definition, object)),
    wrapIntegers: (kind, object) =>
      withDefinition(kind, undefined, (definition) => wrapIntegers(definitions, definition, object)),
    applyDefaults: (kind, object) =>
      withDefinition(kind, undefined, (definition) => applyDefaults(definitions, definition, object)),
    validate: (kind, object) =>
      withDefinition<readonly FieldCause[]>(kind, [], ({ name }) => VALIDATORS[name]?.(object) ?? []),
    validateMetadata(kind, metadata) {
      const name = definitions.ofKind(kind)?.name;
      // Leases are checked by the shared rules alone, as kinds of extensions are.
      const isExtension = name === undefined || ANY_FINALIZER.has(kind.group) || isEvent(kind);
      return validateMetadata(metadata, NAME_CHECKS[name ?? ''] ?? dnsSubdomain, isExtension);
    },
    validateNew: (kind, object) =>
      withDefinition<readonly FieldCause[]>(
        kind,
        [],
        ({ name }) => (NEW_VALIDATORS[name] ?? VALIDATORS[name])?.(object) ?? [],
      ),
    validateUpdate: (kind, object, previous) =>
      withDefinition<readonly FieldCause[]>(kind, [], ({ name }) => UPDATE_VALIDATORS[name]?.(object, previous) ?? []),
    patchRoot: (kind) => withDefinition(kind, undefined, ({ name }) => patchRootOf(definitions, name)),
    columns: ({ group, resource }) => files.columns()[group === '' ? resource : `${resource}.${group}`],
  };
}

/** The schemas of the Kubernetes version that the project carries. */
export const builtInSchemas: SchemaFace = openBuiltInSchemas();
