import type { RunningResource } from '../../core/resource.ts';

/** What the parts that create a cluster hand to the testbed. Product code gets the kubeconfig and nothing else. */
export interface RunningCluster extends RunningResource {
  readonly backend: 'embedded' | 'kind' | 'existing';
  /** A kubeconfig file with an admin user, mode 0600. */
  readonly kubeconfigPath: string;
  /** What pods can reach this machine's services under: an address that the cluster routes to the host's loopback. */
  readonly hostAddressFromPods: string;
  readonly capabilities: ClusterCapabilities;
}

/** enforced: a probe saw it hold · recorded: accepted and written down, not enforced · absent. */
export type Enforcement = 'enforced' | 'recorded' | 'absent';

export interface Capability {
  readonly enforcement: Enforcement;
  /** How it was measured, or why it is not enforced. */
  readonly evidence: string;
}

export const CAPABILITY_NAMES = [
  'network', // outward TCP, UDP, DNS, the API server, other pods, the node
  'localhost', // lo inside the pod works and is its own
  'memory',
  'cpu',
  'pids',
  'volume-size',
  'readonly', // read-only mounts and root
  'user', // runs as the asked uid, cannot become root
  'seccomp',
] as const;

export type CapabilityName = (typeof CAPABILITY_NAMES)[number];

/** Measured by probes when the backend starts, never declared. */
export type ClusterCapabilities = Readonly<Record<CapabilityName, Capability>>;
