import { createHash } from 'node:crypto';
import { stringify } from 'yaml';

/** What makes one kind cluster different from another. */
export interface KindSettings {
  /** `kind create cluster --image`. */
  readonly nodeImage: string;
  /** Of kube-proxy. */
  readonly proxyMode: 'iptables' | 'nftables';
}

/** Most processes of one pod: the Pod API has no field for it, it is the node's setting. */
export const PIDS_LIMIT = 256;

/**
 * One node has nobody to elect, and on a busy machine a controller that cannot renew its lease in time ends itself; a cluster that nobody will start
 * again need not wait for the disk. The map that the arguments are is v1beta3's: with any other version kind leaves this patch out.
 */
const CONTROL_PLANE = {
  apiVersion: 'kubeadm.k8s.io/v1beta3',
  kind: 'ClusterConfiguration',
  controllerManager: { extraArgs: { 'leader-elect': 'false' } },
  scheduler: { extraArgs: { 'leader-elect': 'false' } },
  etcd: { local: { extraArgs: { 'unsafe-no-fsync': 'true' } } },
};

/** kind's own configuration format. One node; what jobs need enforced and kubelets leave open by default is set. */
export function kindConfig({ proxyMode }: Pick<KindSettings, 'proxyMode'>): string {
  return stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: [{ role: 'control-plane' }],
    // Listens on loopback alone, at a port of the system's choice.
    networking: { apiServerAddress: '127.0.0.1', kubeProxyMode: proxyMode },
    kubeadmConfigPatches: [
      stringify(CONTROL_PLANE),
      stringify({ kind: 'KubeletConfiguration', podPidsLimit: PIDS_LIMIT }),
    ],
  });
}

/** The same settings, the same hash: what a kept cluster is found by. */
export function configHash(settings: KindSettings, stateDir: string): string {
  return createHash('sha256')
    .update(JSON.stringify([settings.nodeImage, kindConfig(settings), stateDir]))
    .digest('hex')
    .slice(0, 10);
}
