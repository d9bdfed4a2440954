import type { KubeObject } from './kube-object.ts';

/**
 * How the in-process controllers and the kubelet of the embedded cluster reach its API: the same admission, validation,
 * versions and conflicts as over HTTP, without the socket. Implemented by the API server; never given to product code.
 * Every method throws a `KubeStatusError` (kube-status.ts) with the code and reason that the HTTP API would answer.
 */
export interface ApiAccess {
  get(resource: ResourceRef, namespace: string | undefined, name: string): KubeObject;
  list(resource: ResourceRef, namespace?: string): readonly KubeObject[];
  create(resource: ResourceRef, namespace: string | undefined, object: KubeObject): KubeObject;
  /** Replaces; a `metadata.resourceVersion` in the object is checked and a stale one is a 409 Conflict. */
  update(resource: ResourceRef, object: KubeObject): KubeObject;
  /** Replaces `status` alone, with the same rule for the resourceVersion. */
  updateStatus(resource: ResourceRef, object: KubeObject): KubeObject;
  /** Deletes, or sets `deletionTimestamp` while finalizers (or, for pods, a grace period) hold the object. */
  delete(resource: ResourceRef, namespace: string | undefined, name: string, options?: DeleteOptions): void;
  /** Existing objects as ADDED, then every change in order, until `stop` is called. Handlers run after the write, never inside it. */
  watch(resource: ResourceRef, handler: (event: WatchEvent) => void): { stop(): void };
  /** Records (or counts up) a core/v1 Event about an object. */
  recordEvent(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, component: string): void;
}

export interface ResourceRef {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in the URL: pods, networkpolicies … */
  readonly resource: string;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/** What the API server asks the kubelet for: container logs and nothing else (exec, attach and port-forward are refused). */
export interface NodeAccess {
  /** Log bytes of one container, oldest first; with `follow`, until the container ends or the signal aborts. */
  containerLogs(
    pod: { namespace: string; name: string; uid: string },
    container: string,
    options: LogOptions,
  ): AsyncIterable<Uint8Array>;
}

export interface LogOptions {
  readonly follow?: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  readonly limitBytes?: number;
  readonly timestamps?: boolean;
  readonly previous?: boolean;
  readonly signal?: AbortSignal;
}
