import { randomHex } from '../../../core/entropy.ts';
import type { ApiCore } from './api-core.ts';
import { internalContext, timestamp } from './api-core.ts';
import { cloneJson, stringAt, valueAt } from './json.ts';
import type { KubeObject } from './kube-object.ts';
import { createObject } from './verbs/create.ts';

export interface EventRecord {
  readonly about: KubeObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly component: string;
}

/** Events are kept for an hour by the real server; here, the newest of them, so that a long session stays bounded. */
const MOST_EVENTS = 5_000;

/** Records a core/v1 Event, or counts up the one that says the same. */
export function recordEvent(core: ApiCore, { about, type, reason, message, component }: EventRecord): void {
  const served = core.resources.find('', 'v1', 'events');
  if (served === undefined) return;
  const namespace = about.metadata.namespace ?? 'default';
  // A namespace that is going takes no new events, and nobody is left to read them.
  if (core.store.get('/namespaces', undefined, namespace)?.metadata.deletionTimestamp !== undefined) return;
  const now = timestamp(core.clock.now());
  const events = core.store.list(served.key, namespace);
  const same = events.findLast(
    (event) =>
      valueAt(event, 'involvedObject', 'uid') === about.metadata.uid &&
      stringAt(event, 'reason') === reason &&
      stringAt(event, 'message') === message &&
      stringAt(event, 'source', 'component') === component,
  );
  if (same !== undefined) {
    const again = cloneJson(same);
    const count = valueAt(same, 'count');
    core.store.put(served.key, { ...again, count: (typeof count === 'number' ? count : 1) + 1, lastTimestamp: now });
    return;
  }
  const [oldest] = events;
  if (events.length >= MOST_EVENTS && oldest) core.store.remove(served.key, namespace, oldest.metadata.name ?? '');
  createObject(core, internalContext(), served, namespace, {
    metadata: { name: `${about.metadata.name}.${randomHex(core.entropy, 8)}`, namespace },
    involvedObject: {
      kind: about.kind,
      apiVersion: about.apiVersion,
      name: about.metadata.name,
      ...(about.metadata.namespace === undefined ? {} : { namespace }),
      uid: about.metadata.uid,
      resourceVersion: about.metadata.resourceVersion,
    },
    reason,
    message,
    type,
    source: { component },
    reportingComponent: component,
    reportingInstance: '',
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  });
}
