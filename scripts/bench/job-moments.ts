import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { BROKER_ROUTES } from '../../engine/api/broker-http.ts';
import { LABELS, WORKFLOWS } from '../../engine/api/names.ts';
import type { WorkFlow } from '../../engine/api/workflow.ts';
import type { KubeClient } from '../../engine/kubernetes/client.ts';
import type { Resource } from '../../engine/kubernetes/objects.ts';
import { PODS } from '../../engine/kubernetes/objects.ts';
import type { Pod } from '../../engine/kubernetes/pod-types.ts';
import { NAMESPACE } from '../../harness/cluster/namespace.ts';
import type { RunningTestbed } from '../../harness/running-testbed.ts';

/** Notes when each thing happens to the one job that runs, without touching the parts: watches, and what servers receive. */
export interface JobMoments {
  /** Forgets what was noted. */
  clear(): void;
  note(moment: string): void;
  /** `performance.now()` by moment. */
  readonly at: ReadonlyMap<string, number>;
  /** HTTP requests since `clear`, by the server that got them. */
  readonly requests: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const REQUEST_STARTED = 'http.server.request.start';
/** The chain's server is in another process: what is sent to it is counted here. */
const REQUEST_SENT = 'undici:request:create';

export async function watchJobMoments(testbed: RunningTestbed, client: KubeClient): Promise<JobMoments> {
  const at = new Map<string, number>();
  const requests = new Map<string, number>();
  const note = (moment: string): void => void (at.has(moment) || at.set(moment, performance.now()));
  const serverOf = new Map(
    testbed.observe.servers().map(({ name, address }) => [Number(address.split(':').at(-1)), name]),
  );
  const count = (server: string): void => void requests.set(server, (requests.get(server) ?? 0) + 1);
  const chain = new URL(testbed.endpoints.rpcUrl).origin;
  const onSent = (message: unknown): void => {
    const { request } = message as { readonly request: { readonly origin?: unknown } };
    if (String(request.origin) === chain) count('chain');
  };
  const onRequest = (message: unknown): void => {
    const { request } = message as { readonly request: IncomingMessage };
    const server = serverOf.get(request.socket.localPort ?? 0) ?? 'another';
    count(server);
    if (server === 'broker') noteBrokerRequest(request, at, note);
  };
  subscribe(REQUEST_STARTED, onRequest);
  subscribe(REQUEST_SENT, onSent);
  const ended = new AbortController();
  const watches = [
    watch<Pod>(client, PODS, ended.signal, (pod) => notePod(pod, note)),
    watch<WorkFlow>(client, WORKFLOWS, ended.signal, ({ status }) => {
      if (status?.computeIntent !== undefined) note('compute decided');
      if (status?.finishedAt !== undefined) note('end recorded');
    }),
  ];
  return {
    at,
    requests,
    note,
    clear() {
      at.clear();
      requests.clear();
    },
    async stop() {
      unsubscribe(REQUEST_STARTED, onRequest);
      unsubscribe(REQUEST_SENT, onSent);
      ended.abort();
      await Promise.allSettled(watches);
    },
  };
}

async function watch<T extends Pod | WorkFlow>(
  client: KubeClient,
  resource: Resource,
  signal: AbortSignal,
  see: (object: T) => void,
): Promise<void> {
  const { metadata } = await client.list<T>(resource, { namespace: NAMESPACE });
  const { resourceVersion = '' } = metadata;
  for await (const { type, object } of client.watch<T>(resource, { namespace: NAMESPACE, resourceVersion, signal })) {
    if (type === 'ADDED' || type === 'MODIFIED') see(object);
  }
}

function notePod({ metadata, status }: Pod, note: (moment: string) => void): void {
  const stage = metadata.labels?.[LABELS.stage] ?? 'unknown';
  note(`${stage} pod created`);
  const phase = status?.phase ?? 'Pending';
  if (phase !== 'Pending') note(`${stage} sandbox up`);
  if (phase === 'Succeeded' || phase === 'Failed') note(`${stage} ended`);
}

function noteBrokerRequest(
  { url = '', method }: IncomingMessage,
  at: ReadonlyMap<string, number>,
  note: (moment: string) => void,
): void {
  const stage = at.has('compute pod created') ? 'publish' : 'configure';
  note(`${stage} node started`);
  if (method === 'POST' && url.endsWith(BROKER_ROUTES.report)) note(`${stage} reported`);
}
