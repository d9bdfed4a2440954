import type { ApiCore } from '../api-core.ts';
import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';

/** What one kind does differently; every member is optional. Objects change in place. */
export interface KindStrategy {
  /** Initial status, derived fields. */
  prepareCreate?(object: KubeObject, core: ApiCore): void;
  prepareUpdate?(object: KubeObject, previous: KubeObject, subresource: string): void;
  validate?(object: KubeObject): readonly FieldCause[];
  validateUpdate?(object: KubeObject, previous: KubeObject): readonly FieldCause[];
  /** Seconds that a deletion takes; undefined and 0: none. */
  graceSeconds?(object: KubeObject, asked: number | undefined): number;
  /** Added when somebody deletes the object, so that a controller can do its part first. */
  readonly deletionFinalizer?: string;
  /** Told beside a new object that is accepted. */
  warnings?(object: KubeObject): readonly string[];
  /** Told beside a change that is accepted. */
  updateWarnings?(object: KubeObject, previous: KubeObject): readonly string[];
  /** Told beside a change of the status that is accepted. */
  statusWarnings?(object: KubeObject, previous: KubeObject): readonly string[];
  /** A PUT on a name that is free creates the object. */
  readonly createsOnUpdate?: boolean;
  /** The garbage collector looks after all kinds but those. */
  readonly isNotCollected?: boolean;
  markDeleted?(object: KubeObject): void;
  /** In the same turn as the write, so that nobody sees the one without the other. */
  afterWrite?(core: ApiCore, object: KubeObject): void;
  afterDelete?(core: ApiCore, object: KubeObject): void;
}
