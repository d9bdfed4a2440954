import type { Seams } from '../../core/seams.ts';
import type { RunningResource } from '../../core/resource.ts';
import { runningResource } from '../../core/resource.ts';
import { WavetankError, messageOf } from '../../core/errors.ts';
import { Backoff, fraction } from './backoff.ts';
import type { KubeClient, WatchEvent } from './client.ts';
import { KubeError, isExpired } from './kube-error.ts';
import type { Indexer } from './object-cache.ts';
import { ObjectCache } from './object-cache.ts';
import type { KubeObject, Resource } from './objects.ts';
import { compareVersions, keyOf } from './objects.ts';

export interface ReflectorOptions<T> {
  readonly client: KubeClient;
  readonly seams: Pick<Seams, 'clock' | 'entropy' | 'log'>;
  readonly resource: Resource;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly indexers?: Readonly<Record<string, Indexer<T>>>;
  /** How long one watch request may last, drawn anew each time between this and twice this. Default 300. */
  readonly watchSeconds?: number;
  /** First and longest wait after a failure. Default 50 ms and 10 s. */
  readonly backoff?: { readonly firstMs: number; readonly longestMs: number };
  /** A list now and then in spite of a healthy watch: what an event could have told and did not. Default 10 minutes. */
  readonly relistMs?: number;
}

export interface Reflector<T extends KubeObject> extends RunningResource {
  readonly cache: ObjectCache<T>;
  readonly hasSynced: boolean;
  /** Resolves after the first list; rejects when stopped before. */
  readonly synced: Promise<void>;
}

/** Pages of a list, as kubectl takes them. */
const PAGE_SIZE = 500;

/**
 * Keeps a cache equal to the cluster: list, then watch from there for as long as it runs. It outlives reset sockets,
 * refused requests and expired versions. One stream's events come in the order of their versions; one that does not is not
 * believed, and the reflector lists again.
 */
export function startReflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector<T> {
  const loop = new ReflectorLoop<T>(options);
  const done = loop.run();
  return runningResource(loop, async () => {
    loop.abort();
    await done;
  });
}

class ReflectorLoop<T extends KubeObject> {
  readonly cache: ObjectCache<T>;
  readonly synced: Promise<void>;
  hasSynced = false;
  readonly #options: ReflectorOptions<T>;
  readonly #stop = new AbortController();
  readonly #backoff: Backoff;
  readonly #settleSynced: PromiseWithResolvers<void>;
  /** Where to watch from; undefined asks for a list. */
  #version: string | undefined;
  #listedAt = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.cache = new ObjectCache<T>(options.indexers);
    this.#settleSynced = Promise.withResolvers();
    this.synced = this.#settleSynced.promise;
    // Nobody may be waiting when it is stopped early.
    this.synced.catch(() => undefined);
    this.#backoff = new Backoff({
      entropy: options.seams.entropy,
      firstMs: options.backoff?.firstMs ?? 50,
      longestMs: options.backoff?.longestMs ?? 10_000,
    });
  }

  abort(): void {
    this.#stop.abort(new WavetankError('REFLECTOR_STOPPED', 'The reflector was stopped.'));
  }

  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        if (this.#version === undefined || this.#isListDue()) await this.#list();
        await this.#watch();
        this.#backoff.reset();
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        await this.#recover(error);
      }
    }
    this.#settleSynced.reject(this.#stop.signal.reason);
  }

  #isListDue(): boolean {
    return this.#options.seams.clock.now() - this.#listedAt >= (this.#options.relistMs ?? 600_000);
  }

  async #list(): Promise<void> {
    const { client, resource, namespace, labelSelector, seams } = this.#options;
    const items: T[] = [];
    let page: string | undefined;
    let version: string | undefined;
    do {
      const list = await client.list<T>(resource, {
        namespace,
        labelSelector,
        limit: PAGE_SIZE,
        ...(page ? { continue: page } : {}),
      });
      items.push(...list.items);
      version = list.metadata.resourceVersion;
      page = list.metadata.continue;
    } while (page && !this.#stop.signal.aborted);
    this.#listedAt = seams.clock.now();
    this.cache.replace(items, version);
    this.#version = version;
    this.hasSynced = true;
    this.#settleSynced.resolve();
  }

  async #watch(): Promise<void> {
    const { client, resource, namespace, labelSelector, seams } = this.#options;
    const base = this.#options.watchSeconds ?? 300;
    const timeoutSeconds = Math.round(base * (1 + fraction(seams.entropy)));
    // An abort that came before we listen is never heard.
    if (this.#stop.signal.aborted) return;
    const request = new AbortController();
    const cancel = (): void => request.abort(this.#stop.signal.reason);
    this.#stop.signal.addEventListener('abort', cancel, { once: true });
    // A connection that died without a word never ends by itself, so the server's own limit is watched from here too.
    const timer = seams.clock.after((timeoutSeconds + 15) * 1000, () =>
      request.abort(new WavetankError('WATCH_SILENT', 'The watch did not end when it should have.')),
    );
    try {
      const events = client.watch<T>(resource, {
        namespace,
        labelSelector,
        timeoutSeconds,
        signal: request.signal,
        ...(this.#version === undefined ? {} : { resourceVersion: this.#version }),
      });
      for await (const event of events) this.#take(event);
    } finally {
      timer.cancel();
      this.#stop.signal.removeEventListener('abort', cancel);
    }
  }

  #take(event: WatchEvent<T>): void {
    const version = event.object.metadata.resourceVersion;
    const order = compareVersions(version, this.#version);
    if (order === 0 && event.type !== 'BOOKMARK') return;
    if (order !== undefined && order < 0) {
      const known = this.cache.get(keyOf(event.object));
      if (known?.metadata.resourceVersion === version) return;
      throw new WavetankError('WATCH_OUT_OF_ORDER', 'The watch sent an older change after a newer one.');
    }
    this.#backoff.reset();
    if (event.type === 'DELETED') this.#remove(event.object);
    else if (event.type !== 'BOOKMARK') this.cache.put(event.object);
    if (version !== undefined) this.#version = version;
  }

  /** The deletion of an object says nothing about a newer one of the same name that we made and already know. */
  #remove(object: T): void {
    const key = keyOf(object);
    const known = this.cache.get(key);
    if (known === undefined || known.metadata.uid === object.metadata.uid) this.cache.remove(key);
  }

  async #recover(error: unknown): Promise<void> {
    const { seams, resource } = this.#options;
    const mustList = isExpired(error) || (error instanceof WavetankError && error.code === 'WATCH_OUT_OF_ORDER');
    if (mustList) this.#version = undefined;
    const asked = error instanceof KubeError ? (error.status.retryAfterSeconds ?? 0) * 1000 : 0;
    const waitMs = Math.max(this.#backoff.nextMs(), asked);
    seams.log.debug('watch interrupted', { resource: resource.resource, reason: messageOf(error), waitMs, mustList });
    await seams.clock.sleep(waitMs, this.#stop.signal).catch(() => undefined);
  }
}
