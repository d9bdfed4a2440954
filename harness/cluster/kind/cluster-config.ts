import { createHash } from 'node:crypto';
import { stringify } from 'yaml';

/** What makes one kind cluster different from another. */
export interface KindSettings {
  /** `kind create cluster --image`. */
  readonly nodeImage: string;
}

/** Most processes of one pod: the Pod API has no field for it, it is the node's setting. */
export const PIDS_LIMIT = 256;

/** kind's own configuration format. One node; what jobs need enforced and kubelets leave open by default is set. */
export function kindConfig(): string {
  return stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: [{ role: 'control-plane' }],
    // Listens on loopback alone, at a port of the system's choice.
    networking: { apiServerAddress: '127.0.0.1' },
    kubeadmConfigPatches: [stringify({ kind: 'KubeletConfiguration', podPidsLimit: PIDS_LIMIT })],
  });
}

/** The same settings, the same hash: what a kept cluster is found by. */
export function configHash({ nodeImage }: KindSettings, stateDir: string): string {
  return createHash('sha256')
    .update(JSON.stringify([nodeImage, kindConfig(), stateDir]))
    .digest('hex')
    .slice(0, 10);
}
