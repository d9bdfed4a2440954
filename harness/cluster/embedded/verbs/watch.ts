import type { Timer } from '../../../../core/clock.ts';
import type { ApiCore } from '../api-core.ts';
import { apiVersionOf } from '../resource-table.ts';
import type { ServedResource } from '../resource-table.ts';
import type { KubeObject } from '../kube-object.ts';
import type { FailureStatus } from '../kube-status.ts';
import { expired, invalid, resourceVersionTooLarge } from '../kube-status.ts';
import { forbiddenField } from '../validation/metadata.ts';
import { WatchCursor } from '../store/watch-cursor.ts';
import type { CursorEvent } from '../store/watch-cursor.ts';
import { isTrue } from '../http/request-info.ts';
import { countFrom, matcherFrom, parseVersion } from './list.ts';

export interface WatchSink {
  /** `json` of one event's object; false when the client reads too slowly and the watch must end. */
  object(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): boolean;
  bookmark(object: KubeObject): void;
  error(status: FailureStatus): void;
  end(): void;
}

/** Like the real server: half an hour to an hour when the client names no time. */
const DEFAULT_SECONDS = 1800;
const BOOKMARK_EVERY_MS = 60_000;

/** Streams changes into a sink until time is up, the history is lost or `stop` is called. @throws KubeStatusError before anything was sent. */
export function startWatch(
  core: ApiCore,
  served: ServedResource,
  namespace: string | undefined,
  query: URLSearchParams,
  sink: WatchSink,
): { stop(): void } {
  const matches = matcherFrom(served, query);
  const wantsBookmarks = isTrue(query.get('allowWatchBookmarks'));
  const asked = parseVersion(query.get('resourceVersion'));
  const sendsInitial = checkInitialEvents(query, wantsBookmarks);
  if (asked !== undefined && asked > core.store.version) throw resourceVersionTooLarge(asked, core.store.version);
  const start = asked === undefined || sendsInitial ? core.store.version : asked;
  const scope = { resource: served.key, namespace, matches };
  const cursor = new WatchCursor(core.store, scope, start);
  const timers: Timer[] = [];
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
    subscription.stop();
    for (const timer of timers) timer.cancel();
  };
  const finish = (): void => {
    if (isStopped) return;
    stop();
    sink.end();
  };
  const bookmark = (annotations?: Record<string, string>): void => {
    sink.bookmark(bookmarkOf(served, cursor.version, annotations));
  };
  const pump = (): void => {
    if (isStopped) return;
    const before = cursor.version;
    const events = cursor.next();
    if (events === undefined) {
      sink.error(expired(`too old resource version: ${before} (${core.store.oldestVersion})`).status);
      return finish();
    }
    if (!send(events, sink)) finish();
  };
  const subscription = core.store.onChange(pump);
  if (asked === undefined ? query.get('sendInitialEvents') !== 'false' : sendsInitial) {
    const initial = core.store.list(served.key, namespace).filter(matches);
    send(
      initial.map((object) => ({ type: 'ADDED', object, version: start })),
      sink,
    );
    if (sendsInitial) bookmark({ 'k8s.io/initial-events-end': 'true' });
  }
  pump();
  const repeatBookmark = (): void => {
    if (isStopped) return;
    bookmark();
    timers[0] = core.clock.after(BOOKMARK_EVERY_MS, repeatBookmark);
  };
  if (!isStopped && wantsBookmarks) timers[0] = core.clock.after(BOOKMARK_EVERY_MS, repeatBookmark);
  const seconds = countFrom(query, 'timeoutSeconds') || DEFAULT_SECONDS;
  const expire = (): void => {
    if (!isStopped && wantsBookmarks) bookmark();
    finish();
  };
  if (!isStopped) timers[1] = core.clock.after(seconds * 1000, expire);
  return { stop };
}

function send(events: readonly CursorEvent[], sink: WatchSink): boolean {
  return events.every((event) => sink.object(event.type, event.object));
}

function checkInitialEvents(query: URLSearchParams, wantsBookmarks: boolean): boolean {
  if (!query.has('sendInitialEvents')) return false;
  const options = { group: 'meta.k8s.io', kind: 'ListOptions' };
  if (query.get('resourceVersionMatch') !== 'NotOlderThan') {
    throw invalid(options, '', [
      forbiddenField('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    ]);
  }
  const sendsInitial = isTrue(query.get('sendInitialEvents'));
  if (sendsInitial && !wantsBookmarks)
    throw invalid(options, '', [forbiddenField('sendInitialEvents', 'sendInitialEvents requires allowWatchBookmarks')]);
  return sendsInitial;
}

function bookmarkOf(served: ServedResource, version: number, annotations?: Record<string, string>): KubeObject {
  const metadata = {
    resourceVersion: String(version),
    creationTimestamp: null,
    ...(annotations ? { annotations } : {}),
  };
  return {
    kind: served.kind,
    apiVersion: apiVersionOf(served),
    metadata: metadata as unknown as KubeObject['metadata'],
  };
}
