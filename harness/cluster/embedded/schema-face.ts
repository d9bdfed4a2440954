import type { KubeObject, ObjectMeta } from './kube-object.ts';

/**
 * What the API server asks of the schemas that are generated from a real API server's OpenAPI (schema/ exports one as
 * `builtInSchemas: SchemaFace`). Custom resources are not here: their schemas arrive at run time with their CRD.
 */
export interface SchemaFace {
  /** The `major.minor` and `gitVersion` of the Kubernetes that the schemas were generated from; served under /version. */
  readonly kubernetesVersion: { readonly major: string; readonly minor: string; readonly gitVersion: string };
  /** Every kind that is served, as discovery lists it. */
  readonly kinds: readonly KindInfo[];
  /** The OpenAPI v3 document of one group version: `api/v1`, `apis/batch/v1`; undefined when it is not served. Serialised JSON. */
  openApiV3(path: string): string | undefined;
  /** Like the API server's decoder: which fields the kind does not know, and the first value of the wrong type. Changes nothing. */
  decode(kind: KindName, object: KubeObject): DecodeResult;
  /** Removes the fields that the kind does not know, as decoding into the real type does. In place. */
  prune(kind: KindName, object: KubeObject): void;
  /** Numbers beyond 32 bits, as the converter behind strategic merge patches takes them. In place. */
  wrapIntegers(kind: KindName, object: KubeObject): void;
  /** Sets the defaults that the real server sets when it decodes. In place. */
  applyDefaults(kind: KindName, object: KubeObject): void;
  /** Name, labels, annotations, owners, finalizers; custom resources follow the same rules. */
  validateMetadata(kind: KindName, metadata: ObjectMeta): readonly FieldCause[];
  /** Everything that is wrong with an object in itself; [] when all is well. */
  validate(kind: KindName, object: KubeObject): readonly FieldCause[];
  /** `validate` and the rules for new objects alone. */
  validateNew(kind: KindName, object: KubeObject): readonly FieldCause[];
  /** Rules against what was there before: immutable fields, what of a pod may change. Both objects have their defaults. */
  validateUpdate(kind: KindName, object: KubeObject, previous: KubeObject): readonly FieldCause[];
  /** The columns of a Table of this resource; undefined when it cannot be listed. */
  columns(resource: { readonly group: string; readonly resource: string }): readonly TableColumn[] | undefined;
  /** Where a strategic merge patch of this kind starts; undefined for a kind that is not built in. */
  patchRoot(kind: KindName): PatchNode | undefined;
}

/** One of a Table's `columnDefinitions`. */
export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

export interface KindName {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface KindInfo extends KindName {
  /** Plural, as in the URL. */
  readonly resource: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** create, delete, deletecollection, get, list, patch, update, watch; reviews have create alone. */
  readonly verbs: readonly string[];
  readonly subresources: readonly SubresourceInfo[];
}

export interface SubresourceInfo {
  /** status, log, eviction, binding, token … */
  readonly name: string;
  /** The kind that it takes and answers; the group and version are given where they differ from the parent's. */
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

export interface DecodeResult {
  /** Paths as the strict decoder prints them: `spec.containers[0].foo`. */
  readonly unknownFields: readonly string[];
  /** `json: cannot unmarshal string into Go struct field …`; undefined when every type fits. */
  readonly typeError: string | undefined;
}

/** One entry of `details.causes` in a Status of reason Invalid. */
export interface FieldCause {
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid'
    | 'FieldValueNotFound';
  /** `spec.containers[0].name` */
  readonly field: string;
  /** Without the field: `Required value`, `Invalid value: "x": must be …`, `Unsupported value: "x": supported values: "a", "b"`. */
  readonly message: string;
}

/** A place in a kind's schema, as far as a strategic merge patch has to know it. */
export interface PatchNode {
  /** `x-kubernetes-patch-strategy` of this field, split at commas: merge, replace, retainKeys. Empty: the default for its type. */
  readonly strategies: readonly string[];
  /** `x-kubernetes-patch-merge-key` of a list that merges by key; undefined for a list of scalars or one that is replaced. */
  readonly mergeKey: string | undefined;
  /** The field of an object, or the value of a map; undefined when the schema does not go further (merge it as plain JSON). */
  field(name: string): PatchNode | undefined;
  /** The elements of a list. */
  items(): PatchNode | undefined;
}
