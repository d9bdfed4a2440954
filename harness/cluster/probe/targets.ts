import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';

const NODES: Resource = { group: '', version: 'v1', resource: 'nodes', kind: 'Node', isClusterScoped: true };
const SERVICES: Resource = { group: '', version: 'v1', resource: 'services', kind: 'Service' };

interface Node extends KubeObject {
  readonly status?: { readonly addresses?: readonly { readonly type: string; readonly address: string }[] };
}

interface Service extends KubeObject {
  readonly spec?: { readonly clusterIP?: string };
}

/** Here this machine's own address stands for all that lies outside: its neighbours are nobody's to knock at. */
export async function listenOn(host: string): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).resume());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: 0 }, () => resolve());
  });
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

export async function nodeAddress(client: KubeClient): Promise<string> {
  const [node] = (await client.list<Node>(NODES)).items;
  return node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
}

export async function apiAddress(client: KubeClient): Promise<string> {
  const service = await client.get<Service>(SERVICES, { name: 'kubernetes', namespace: 'default' });
  return service.spec?.clusterIP ?? '';
}
