import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import type { KubeObject } from './kube-object.ts';
import type { ResourceTable, ServedResource } from './resource-table.ts';
import type { SchemaFace } from './schema-face.ts';
import type { Store } from './store/store.ts';

/** What every stage behind the API works with. */
export interface ApiCore {
  readonly store: Store;
  readonly resources: ResourceTable;
  readonly schema: SchemaFace;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly admission: Admission;
}

export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Who asks, and how; made by the HTTP layer or, for controllers, in process. */
export interface RequestContext {
  readonly user: UserInfo;
  readonly isDryRun: boolean;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  /** Becomes `Warning` headers. */
  readonly warnings: string[];
}

export interface AdmissionRequest {
  readonly core: ApiCore;
  readonly context: RequestContext;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly served: ServedResource;
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly object: KubeObject | undefined;
  readonly previous: KubeObject | undefined;
}

/** Rules beyond one kind's own: they may complete the object (`mutate`) or refuse it (`validate`, by throwing a KubeStatusError). */
export interface AdmissionPlugin {
  mutate?(request: AdmissionRequest): void;
  validate?(request: AdmissionRequest): void;
}

export type Admission = readonly AdmissionPlugin[];

/** In process: controllers and kubelet pass no authorizer, and a mistake of theirs must show, so validation is strict. */
export function internalContext(): RequestContext {
  return {
    user: { username: 'system:apiserver', groups: ['system:masters'] },
    isDryRun: false,
    fieldValidation: 'Strict',
    warnings: [],
  };
}

/** Second precision, as metav1.Time is written. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
