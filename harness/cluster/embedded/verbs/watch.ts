import type { Timer } from '../../../../core/clock.ts';
import type { ApiCore } from '../api-core.ts';
import { isTrue } from '../http/request-info.ts';
import type { KubeObject } from '../kube-object.ts';
import type { FailureStatus } from '../kube-status.ts';
import { expired, resourceVersionTooLarge } from '../kube-status.ts';
import type { ServedResource } from '../resource-table.ts';
import { apiVersionOf } from '../resource-table.ts';
import { WatchCursor } from '../store/watch-cursor.ts';
import { checkWatchOptions, parseVersion } from './list-options.ts';
import { countFrom, matcherFrom } from './list.ts';

export interface WatchSink {
  /** False when the client reads too slowly and the watch must end. */
  object(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): boolean;
  bookmark(object: KubeObject): void;
  error(status: FailureStatus): void;
  end(): void;
}

/** The real server takes between half an hour and an hour when the client names no time. */
const DEFAULT_SECONDS = 1800;
const BOOKMARK_EVERY_MS = 60_000;

/**
 * Streams changes into a sink until time is up, the history is lost or `stop` is called.
 * @throws KubeStatusError before anything was sent
 */
export function startWatch(
  core: ApiCore,
  served: ServedResource,
  namespace: string | undefined,
  query: URLSearchParams,
  sink: WatchSink,
): { stop(): void } {
  const matches = matcherFrom(served, query);
  const sendsBookmarks = isTrue(query.get('allowWatchBookmarks'));
  checkWatchOptions(query);
  const marksInitialEnd = isTrue(query.get('sendInitialEvents')) && sendsBookmarks;
  const asked = parseVersion(query.get('resourceVersion'), 'watch');
  const seconds = countFrom(query, 'timeoutSeconds') || DEFAULT_SECONDS;
  const { version } = core.store;
  if (asked !== undefined && asked > version) throw resourceVersionTooLarge(asked, version, served.key !== '/events');
  const sendsInitial =
    isTrue(query.get('sendInitialEvents')) || (asked === undefined && query.get('sendInitialEvents') !== 'false');
  const start = sendsInitial || asked === undefined ? version : asked;
  const cursor = new WatchCursor(core.store, { resource: served.key, namespace, matches }, start);
  const watch = new RunningWatch(core, served, cursor, sink);
  if (sendsInitial) watch.sendInitial(core.store.list(served.key, namespace).filter(matches), marksInitialEnd);
  watch.run(seconds, sendsBookmarks);
  return watch;
}

class RunningWatch {
  readonly #core: ApiCore;
  readonly #served: ServedResource;
  readonly #cursor: WatchCursor;
  readonly #sink: WatchSink;
  #subscription: { stop(): void } | undefined;
  #deadline: Timer | undefined;
  #nextBookmark: Timer | undefined;
  #isStopped = false;

  constructor(core: ApiCore, served: ServedResource, cursor: WatchCursor, sink: WatchSink) {
    this.#core = core;
    this.#served = served;
    this.#cursor = cursor;
    this.#sink = sink;
  }

  sendInitial(objects: readonly KubeObject[], marksEnd: boolean): void {
    for (const object of objects) this.#sink.object('ADDED', object);
    if (marksEnd) this.#bookmark({ 'k8s.io/initial-events-end': 'true' });
  }

  run(seconds: number, sendsBookmarks: boolean): void {
    this.#subscription = this.#core.store.onChange(() => this.#pump());
    this.#deadline = this.#core.clock.after(seconds * 1000, () => {
      // The client resumes from here without seeing anything twice.
      if (sendsBookmarks) this.#bookmark();
      this.#finish();
    });
    if (sendsBookmarks) this.#bookmarkLater();
    this.#pump();
  }

  stop(): void {
    this.#isStopped = true;
    this.#subscription?.stop();
    this.#deadline?.cancel();
    this.#nextBookmark?.cancel();
  }

  #finish(): void {
    if (this.#isStopped) return;
    this.stop();
    this.#sink.end();
  }

  #pump(): void {
    if (this.#isStopped) return;
    const before = this.#cursor.version;
    const events = this.#cursor.next();
    if (events === undefined) {
      this.#sink.error(expired(`too old resource version: ${before} (${this.#core.store.oldestVersion})`).status);
      return this.#finish();
    }
    if (!events.every(({ type, object }) => this.#sink.object(type, object))) this.#finish();
  }

  #bookmarkLater(): void {
    this.#nextBookmark = this.#core.clock.after(BOOKMARK_EVERY_MS, () => {
      this.#bookmark();
      this.#bookmarkLater();
    });
  }

  #bookmark(annotations?: Record<string, string>): void {
    const metadata = {
      resourceVersion: String(this.#cursor.version),
      ...(annotations ? { annotations } : {}),
    };
    this.#sink.bookmark({
      kind: this.#served.kind,
      apiVersion: apiVersionOf(this.#served),
      metadata: metadata as unknown as KubeObject['metadata'],
    });
  }
}
