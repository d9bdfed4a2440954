import { arch, availableParallelism, release, totalmem } from 'node:os';
import type { KubeObject } from '../kube-object.ts';
import { isKubeStatus } from '../kube-status.ts';
import { wireTime } from './container-attempt.ts';
import type { NodeServices } from './node-services.ts';
import { NODES } from './resources.ts';

const MOST_PODS = 1000;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export const NODE_NAME = 'wavetank';
/** A documentation address: nothing real answers there, the policy proxy knows what it means. */
export const NODE_ADDRESS = '192.0.2.1';

export function nodeCapacity(): { cpu: number; memoryBytes: number; ephemeralBytes: number } {
  return { cpu: availableParallelism(), memoryBytes: totalmem(), ephemeralBytes: 64 * 1024 ** 3 };
}

/** Writes the Node object that the scheduler and `kubectl get nodes` read. */
export function registerNode(services: NodeServices): void {
  const { api, node, clock, images } = services;
  const { cpu, memoryBytes, ephemeralBytes } = node.allocatable;
  const capacity = {
    cpu: String(cpu),
    memory: `${Math.floor(memoryBytes / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(ephemeralBytes / 1024)}Ki`,
    pods: String(MOST_PODS),
  };
  const now = wireTime(clock.now());
  const condition = (type: string, status: string, reason: string, message: string): Record<string, string> => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  const architecture = ARCHITECTURES[arch()] ?? arch();
  const labels = {
    'kubernetes.io/hostname': node.nodeName,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
  };
  const object: KubeObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: node.nodeName, labels }, spec: {} };
  const created = createOrGet(services, object);
  api.updateStatus(NODES, {
    ...created,
    status: {
      capacity,
      allocatable: capacity,
      addresses: [
        { type: 'InternalIP', address: node.hostIp },
        { type: 'Hostname', address: node.nodeName },
      ],
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
      ],
      images: images.images.map((image) => ({
        names: image.repositories.map((name) => `${name}@${image.digest}`),
        sizeBytes: 0,
      })),
      nodeInfo: {
        architecture,
        operatingSystem: 'linux',
        osImage: 'wavetank embedded node',
        kernelVersion: release(),
        kubeletVersion: 'v1.34.0',
        kubeProxyVersion: '',
        containerRuntimeVersion: `wavetank://${services.launcher.kind}`,
        machineID: '',
        systemUUID: '',
        bootID: '',
      },
    },
  });
}

function createOrGet(services: NodeServices, object: KubeObject): KubeObject {
  try {
    return services.api.create(NODES, undefined, object);
  } catch (error) {
    if (!isKubeStatus(error, 'AlreadyExists')) throw error;
    return services.api.get(NODES, undefined, object.metadata.name ?? '');
  }
}
