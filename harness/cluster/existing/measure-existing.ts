import type { Clock } from '../../../core/clock.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import type { ClusterCapabilities } from '../cluster.ts';
import type { RunningLabGate } from '../probe/lab-gate.ts';
import { measureByPods } from '../probe/measure-by-pods.ts';
import type { ProbeTarget } from '../probe/probe-pods.ts';
import { apiAddress, listenOn, nodeAddress } from '../probe/targets.ts';

const KUBELET_PORT = 10_250;
const ENDPOINT_SLICES: Resource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  resource: 'endpointslices',
  kind: 'EndpointSlice',
};

interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[];
  readonly ports?: readonly { readonly port?: number }[];
}

export interface MeasureExistingOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** This machine's address for pods. */
  readonly address: string;
  readonly gate: RunningLabGate;
  readonly image: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Probe pods try other pods, a node, the API server at both its addresses, the name server and this machine. */
export async function measureExisting(options: MeasureExistingOptions): Promise<ClusterCapabilities> {
  const { client, address, gate, ...rest } = options;
  const [node, api, behind] = await Promise.all([nodeAddress(client), apiAddress(client), apiEndpoint(client)]);
  const here = await listenOn(address);
  const targets: ProbeTarget[] = [
    { name: 'another pod', kind: 'tcp', host: gate.canaryIp, port: gate.canaryPort },
    { name: 'the node', kind: 'tcp', host: node, port: KUBELET_PORT },
    { name: 'the API server', kind: 'tcp', host: api, port: 443 },
    ...behind.map(({ host, port }) => ({
      name: 'the API server at its own address',
      kind: 'tcp' as const,
      host,
      port,
    })),
    { name: 'the name server', kind: 'dns' },
    { name: 'this machine', kind: 'tcp', host: address, port: here.port },
  ];
  try {
    const { capabilities } = await measureByPods({ client, ...rest, imagePullPolicy: 'IfNotPresent', targets });
    return capabilities;
  } finally {
    here.close();
  }
}

/** Where the service of the API server leads to; nothing where the cluster does not say. */
async function apiEndpoint(client: KubeClient): Promise<{ readonly host: string; readonly port: number }[]> {
  const labelSelector = 'kubernetes.io/service-name=kubernetes';
  const { items } = await client.list<EndpointSlice>(ENDPOINT_SLICES, { namespace: 'default', labelSelector });
  const host = items[0]?.endpoints?.[0]?.addresses[0];
  const port = items[0]?.ports?.[0]?.port;
  return host === undefined || port === undefined ? [] : [{ host, port }];
}
