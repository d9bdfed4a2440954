import type { ApiCore } from '../api-core.ts';
import type { KubeObject } from '../kube-object.ts';
import type { ServedResource } from '../resource-table.ts';
import { startWatch } from '../verbs/watch.ts';
import type { WatchSink } from '../verbs/watch.ts';
import type { Accepted } from './negotiate.ts';
import type { Exchange } from './exchange.ts';
import { shapeObject } from './shapes.ts';

/** A client that has this much unread is cut off, as the real server cuts off slow watchers; it lists and watches anew. */
const MOST_UNREAD_BYTES = 16 * 1024 * 1024;

/** One JSON event per line, until the watch ends or the client goes. */
export function serveWatch(
  core: ApiCore,
  { response, request, info }: Exchange,
  served: ServedResource,
  accepted: Accepted,
): void {
  const table = {
    clock: core.clock,
    schema: core.schema,
    includeObject: info.query.get('includeObject') ?? 'Metadata',
  };
  const open = (): void => {
    if (!response.headersSent)
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  };
  const send = (type: string, json: string): boolean => {
    open();
    response.write(`{"type":"${type}","object":${json}}\n`);
    return response.writableLength < MOST_UNREAD_BYTES;
  };
  const sink: WatchSink = {
    object: (type, object) => send(type, shapeObject(served, object, accepted.as, table)),
    bookmark: (object: KubeObject) =>
      void send('BOOKMARK', JSON.stringify(accepted.as === undefined ? object : shapeBookmark(object))),
    error: (status) => void send('ERROR', JSON.stringify(status)),
    end: () => {
      open();
      response.end();
    },
  };
  const watch = startWatch(core, served, info.namespace, withName(info.query, info.name), sink);
  open();
  response.flushHeaders();
  request.socket.setNoDelay(true);
  response.once('close', () => watch.stop());
}

function shapeBookmark(object: KubeObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

/** A watch on one name is a watch with a field selector. */
function withName(query: URLSearchParams, name: string): URLSearchParams {
  if (name === '') return query;
  const narrowed = new URLSearchParams(query);
  narrowed.set('fieldSelector', `metadata.name=${name}`);
  return narrowed;
}
