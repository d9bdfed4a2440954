import type { Clock } from '../../../core/clock.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import type { RunningLabGate } from '../probe/lab-gate.ts';
import type { Measured } from '../probe/measure-by-pods.ts';
import { measureByPods } from '../probe/measure-by-pods.ts';
import { PROBE_NAMESPACE } from '../probe/probe-pods.ts';
import type { ProbeTarget } from '../probe/probe-pods.ts';
import { apiAddress, listenOn, nodeAddress } from '../probe/targets.ts';

const KUBELET_PORT = 10_250;
const API_PORT = 6443;

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
export async function measureKind(options: MeasureKindOptions): Promise<Measured> {
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
      // That of an earlier measurement may still be on its way out.
      namespace: `${PROBE_NAMESPACE}-${clock.now().toString(36)}`,
      targets,
      signal,
    });
  } finally {
    outside.close();
  }
}
