import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import type { ClusterCapabilities } from '../cluster.ts';
import type { RunningLabGate } from '../probe/lab-gate.ts';
import { measureByPods } from '../probe/measure-by-pods.ts';
import type { ProbeTarget } from '../probe/probe-pods.ts';

const NODES: Resource = { group: '', version: 'v1', resource: 'nodes', kind: 'Node', isClusterScoped: true };
const SERVICES: Resource = { group: '', version: 'v1', resource: 'services', kind: 'Service' };
const KUBELET_PORT = 10_250;
const API_PORT = 6443;

interface Node extends KubeObject {
  readonly status?: { readonly addresses?: readonly { readonly type: string; readonly address: string }[] };
}

interface Service extends KubeObject {
  readonly spec?: { readonly clusterIP?: string };
}

export interface MeasureKindOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** This machine's address in the cluster's network. */
  readonly gateway: string;
  readonly gate: RunningLabGate;
  /** The pods' image. */
  readonly image: string;
  readonly signal?: AbortSignal | undefined;
}

/** Probe pods try other pods, their node, the API server, the name server and this machine. */
export async function measureKind(options: MeasureKindOptions): Promise<ClusterCapabilities> {
  const { client, clock, gateway, gate, image, signal } = options;
  const [outside, node, api] = await Promise.all([listenOn(gateway), nodeAddress(client), apiAddress(client)]);
  const targets: ProbeTarget[] = [
    { name: 'another pod', kind: 'tcp', host: gate.canaryIp, port: gate.canaryPort },
    { name: 'the node', kind: 'tcp', host: node, port: KUBELET_PORT },
    { name: 'the API server', kind: 'tcp', host: api, port: 443 },
    { name: "the API server at its node's address", kind: 'tcp', host: node, port: API_PORT },
    { name: 'the name server', kind: 'dns' },
    { name: 'this machine', kind: 'tcp', host: gateway, port: outside.port },
  ];
  try {
    return await measureByPods({
      client,
      clock,
      image,
      imagePullPolicy: 'Never',
      targets,
      signal,
    });
  } finally {
    outside.close();
  }
}

/** Here this machine's own address stands for all that lies outside: its neighbours are nobody's to knock at. */
async function listenOn(host: string): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).resume());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: 0 }, () => resolve());
  });
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

async function nodeAddress(client: KubeClient): Promise<string> {
  const [node] = (await client.list<Node>(NODES)).items;
  return node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
}

async function apiAddress(client: KubeClient): Promise<string> {
  const service = await client.get<Service>(SERVICES, { name: 'kubernetes', namespace: 'default' });
  return service.spec?.clusterIP ?? '';
}
