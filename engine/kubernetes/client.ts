import type { Dispatcher } from 'undici';
import { WavetankError } from '../../core/errors.ts';
import type { Net } from '../../core/net.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { loadKubeconfig, parseKubeconfig } from './kubeconfig.ts';
import { KubeError, isNotFound, statusOf } from './kube-error.ts';
import { linesOf } from './lines.ts';
import type { KubeList, KubeObject, Resource } from './objects.ts';
import { PODS, apiVersionOf } from './objects.ts';

export interface ObjectRef {
  readonly name: string;
  readonly namespace?: string | undefined;
}

export interface ListOptions {
  /** Absent: every namespace. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
}

export interface WatchOptions extends ListOptions {
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface DeleteOptions {
  /** Only this very object: a lease is no fence, a uid is. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface PatchOptions {
  readonly subresource?: 'status';
}

/**
 * The Kubernetes API as our products use it, over one long-lived dispatcher. Every refusal is a `KubeError`;
 * a broken connection is undici's own error.
 */
export interface KubeClient {
  readonly server: string;
  /** Of the kubeconfig's context. */
  readonly namespace: string | undefined;
  get<T extends KubeObject>(resource: Resource, ref: ObjectRef, options?: CallOptions): Promise<T>;
  find<T extends KubeObject>(resource: Resource, ref: ObjectRef, options?: CallOptions): Promise<T | undefined>;
  /** One page; `metadata.continue` says whether there is another. */
  list<T extends KubeObject>(resource: Resource, options?: ListOptions): Promise<KubeList<T>>;
  create<T extends KubeObject>(resource: Resource, object: T, options?: CallOptions): Promise<T>;
  /** PUT: refused with Conflict unless `metadata.resourceVersion` is the current one. */
  update<T extends KubeObject>(resource: Resource, object: T, options?: CallOptions): Promise<T>;
  updateStatus<T extends KubeObject>(resource: Resource, object: T): Promise<T>;
  /** RFC 7386. With `metadata.resourceVersion` in it, refused with Conflict when the object has changed since. */
  mergePatch<T extends KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    patch: object,
    options?: PatchOptions,
  ): Promise<T>;
  /** RFC 6902. */
  jsonPatch<T extends KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    patch: readonly object[],
    options?: PatchOptions,
  ): Promise<T>;
  /** What the object is now, when finalizers or a grace period hold it; undefined when it is gone, or nothing is said. */
  delete<T extends KubeObject>(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<T | undefined>;
  /** Until the server's timeout, the signal or a broken connection ends it. An ERROR event is thrown as `KubeError`. */
  watch<T extends KubeObject>(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent<T>>;
  /** A container's log so far. */
  log(ref: ObjectRef, options?: { container?: string; tailLines?: number; limitBytes?: number }): Promise<string>;
  /** The lines of a container's log, from now or from `sinceSeconds` ago, until it ends, the signal comes or the connection breaks. */
  followLog(
    ref: ObjectRef,
    options?: { container?: string; sinceSeconds?: number; signal?: AbortSignal },
  ): AsyncGenerator<string>;
  close(): Promise<void>;
}

/** How to reach a cluster, and as whom: one of the two. */
export interface KubeconfigSource {
  readonly kubeconfigPath?: string;
  /** The text of a kubeconfig, instead of a path. */
  readonly kubeconfig?: string;
}

export interface KubeClientOptions extends KubeconfigSource {
  readonly net: Net;
}

/** @throws WavetankError KUBECONFIG_INVALID */
export async function createKubeClient(options: KubeClientOptions): Promise<KubeClient> {
  const { kubeconfigPath, kubeconfig } = options;
  if (kubeconfig !== undefined) return new DispatchedKubeClient(await parseKubeconfig(kubeconfig), options.net);
  if (kubeconfigPath !== undefined) return new DispatchedKubeClient(await loadKubeconfig(kubeconfigPath), options.net);
  throw new WavetankError('KUBECONFIG_INVALID', 'No kubeconfig was given.', { category: 'usage' });
}

interface Call {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that is not a list page or a log stays far below this; bigger ones are refused rather than buffered. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Watches hold one each, so this must be more than a product has watches; beyond a few dozen a burst only opens sockets. */
const MAX_CONNECTIONS = 48;

class DispatchedKubeClient implements KubeClient {
  readonly server: string;
  readonly namespace: string | undefined;
  readonly #access: ClusterAccess;
  readonly #net: Net;
  readonly #origin: string;
  readonly #basePath: string;

  constructor(access: ClusterAccess, net: Net) {
    this.#access = access;
    this.#net = net.child({ ...access.tls, maxConnections: MAX_CONNECTIONS });
    this.server = access.server;
    this.namespace = access.namespace;
    const url = new URL(access.server);
    this.#origin = url.origin;
    this.#basePath = url.pathname.replace(/\/+$/, '');
  }

  get<T extends KubeObject>(resource: Resource, ref: ObjectRef, options: CallOptions = {}): Promise<T> {
    return this.#json<T>({ method: 'GET', path: objectPath(resource, ref), ...options });
  }

  async find<T extends KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    try {
      return await this.get<T>(resource, ref, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  list<T extends KubeObject>(resource: Resource, options: ListOptions = {}): Promise<KubeList<T>> {
    return this.#json<KubeList<T>>({
      method: 'GET',
      path: collectionPath(resource, options.namespace) + query(options),
    });
  }

  create<T extends KubeObject>(resource: Resource, object: T, options: CallOptions = {}): Promise<T> {
    return this.#json<T>({
      method: 'POST',
      path: collectionPath(resource, object.metadata.namespace),
      body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object },
      ...options,
    });
  }

  update<T extends KubeObject>(resource: Resource, object: T, options: CallOptions = {}): Promise<T> {
    return this.#json<T>({ method: 'PUT', path: objectPath(resource, object.metadata), body: object, ...options });
  }

  updateStatus<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    return this.#json<T>({ method: 'PUT', path: `${objectPath(resource, object.metadata)}/status`, body: object });
  }

  mergePatch<T extends KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    patch: object,
    options: PatchOptions = {},
  ): Promise<T> {
    return this.#patch(resource, ref, patch, 'application/merge-patch+json', options);
  }

  jsonPatch<T extends KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    patch: readonly object[],
    options: PatchOptions = {},
  ): Promise<T> {
    return this.#patch(resource, ref, patch, 'application/json-patch+json', options);
  }

  async delete<T extends KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    options: DeleteOptions = {},
  ): Promise<T | undefined> {
    const { uid, resourceVersion, ...rest } = options;
    const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
      ...rest,
      ...(Object.keys(preconditions).length > 0 ? { preconditions } : {}),
    };
    const answer = await this.#json<T>({ method: 'DELETE', path: objectPath(resource, ref), body });
    // Without a finalizer the answer may be the last state of an object that is no more.
    return answer.kind !== 'Status' && answer.metadata.finalizers?.length ? answer : undefined;
  }

  async *watch<T extends KubeObject>(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { signal, ...selection } = options;
    const path =
      collectionPath(resource, options.namespace) + query({ ...selection, watch: true, allowWatchBookmarks: true });
    const response = await this.#send({ method: 'GET', path, signal });
    for await (const line of linesOf(response.body)) {
      const event = JSON.parse(line) as WatchEvent<T> | { type: 'ERROR'; object: unknown };
      if (event.type === 'ERROR')
        throw new KubeError(statusOf(500, JSON.stringify(event.object)), `watch ${resource.resource}`);
      yield event;
    }
  }

  log(ref: ObjectRef, options: { container?: string; tailLines?: number; limitBytes?: number } = {}): Promise<string> {
    const path = objectPath(PODS, ref);
    return this.#text({ method: 'GET', path: `${path}/log${query(options)}` });
  }

  async *followLog(
    ref: ObjectRef,
    options: { container?: string; sinceSeconds?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<string> {
    const { signal, ...selection } = options;
    const path = `${objectPath(PODS, ref)}/log${query({ ...selection, follow: true })}`;
    const response = await this.#send({ method: 'GET', path, signal });
    yield* linesOf(response.body);
  }

  close(): Promise<void> {
    return this.#net.close();
  }

  #patch<T>(resource: Resource, ref: ObjectRef, body: object, contentType: string, options: PatchOptions): Promise<T> {
    const suffix = options.subresource ? `/${options.subresource}` : '';
    return this.#json<T>({ method: 'PATCH', path: objectPath(resource, ref) + suffix, body, contentType });
  }

  async #json<T>(call: Call): Promise<T> {
    return JSON.parse(await this.#text(call)) as T;
  }

  async #text(call: Call): Promise<string> {
    const response = await this.#send(call);
    return readAll(response.body);
  }

  async #send(call: Call): Promise<Dispatcher.ResponseData> {
    const response = await this.#net.dispatcher.request({
      origin: this.#origin,
      path: this.#basePath + call.path,
      method: call.method,
      // A DELETE with a body, which Kubernetes' preconditions are, would otherwise cost its connection.
      reset: false,
      headers: {
        accept: 'application/json',
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        ...(await this.#access.headers()),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
    if (response.statusCode < 300) return response;
    const retryAfter = response.headers['retry-after'];
    const status = statusOf(response.statusCode, await readAll(response.body), retryAfter?.toString());
    throw new KubeError(status, `${call.method} ${call.path.split('?')[0] ?? ''}`);
  }
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new WavetankError('KUBE_BODY_TOO_LARGE', 'The API server sent too large an answer.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function collectionPath(resource: Resource, namespace: string | undefined): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope =
    namespace === undefined || resource.isClusterScoped ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${resource.resource}`;
}

function objectPath(resource: Resource, ref: ObjectRef): string {
  return `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
}

function query(options: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'namespace' && value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
