import { randomHex } from '../../../core/entropy.ts';
import type { ApiCore } from './api-core.ts';
import { internalContext, timestamp } from './api-core.ts';
import { cloneJson, valueAt } from './json.ts';
import type { KubeObject } from './kube-object.ts';
import type { ServedResource } from './resource-table.ts';
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

/** Which Event says what, so that finding the one to count up does not cost a search; oldest first. */
const recorded = new WeakMap<ApiCore, Map<string, { namespace: string; name: string }>>();

/** Records a core/v1 Event, or counts up the one that says the same. */
export function recordEvent(core: ApiCore, record: EventRecord): void {
  const served = core.resources.find('', 'v1', 'events');
  if (served === undefined) return;
  const { about } = record;
  const namespace = about.metadata.namespace ?? 'default';
  // A namespace that is going or gone takes no new events, and nobody is left to read them.
  const home = core.store.get('/namespaces', undefined, namespace);
  if (home === undefined || home.metadata.deletionTimestamp !== undefined) return;
  const known = recorded.get(core) ?? new Map<string, { namespace: string; name: string }>();
  recorded.set(core, known);
  const key = [about.metadata.uid, record.reason, record.component, record.message].join('\n');
  const same = known.get(key);
  if (same !== undefined && countUp(core, served.key, same)) return;
  known.set(key, { namespace, name: createEvent(core, served, namespace, record) });
  if (known.size <= MOST_EVENTS) return;
  for (const [oldKey, old] of known) {
    known.delete(oldKey);
    core.store.remove(served.key, old.namespace, old.name);
    break;
  }
}

/** @returns false when somebody has deleted the event. */
function countUp(core: ApiCore, key: string, { namespace, name }: { namespace: string; name: string }): boolean {
  const event = core.store.get(key, namespace, name);
  if (event === undefined) return false;
  const count = valueAt(event, 'count');
  core.store.put(key, {
    ...cloneJson(event),
    count: (typeof count === 'number' ? count : 1) + 1,
    lastTimestamp: timestamp(core.clock.now()),
  });
  return true;
}

function createEvent(
  core: ApiCore,
  served: ServedResource,
  namespace: string,
  { about, type, reason, message, component }: EventRecord,
): string {
  const now = timestamp(core.clock.now());
  const name = `${about.metadata.name}.${randomHex(core.entropy, 8)}`;
  createObject(core, internalContext(), served, namespace, {
    metadata: { name, namespace },
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
  return name;
}
