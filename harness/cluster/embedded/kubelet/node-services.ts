import type { Clock } from '../../../../core/clock.ts';
import type { Entropy } from '../../../../core/entropy.ts';
import type { Logger } from '../../../../core/log.ts';
import type { Native } from '../../../../core/native.ts';
import type { ApiAccess } from '../api-access.ts';
import type { ContainerMount, Launcher, PodSandbox } from '../launcher/launcher.ts';
import type { NodeFacts } from './downward.ts';
import type { ImageCatalogue } from './images.ts';
import type { LocalProvisioner } from './local-provisioner.ts';
import type { Pod } from './pod-types.ts';

/** What all pods of a node share. */
export interface NodeServices {
  readonly api: ApiAccess;
  readonly launcher: Launcher;
  readonly images: ImageCatalogue;
  readonly provisioner: LocalProvisioner;
  readonly egress: EgressDoor | undefined;
  readonly node: NodeFacts;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly native: Native;
  readonly log: Logger;
  /** Where container logs are kept. */
  readonly logDir: string;
  /** Most processes in one container: the Pod API has no such limit, it is the node's setting. */
  readonly pidsLimit: number;
  /** Most open files in one process. */
  readonly openFiles: number;
}

/** The pod's ways out and in, as far as policies give it any. */
export interface EgressDoor {
  /** @throws WavetankError POLICY_UNSUPPORTED when a policy that selects the pod cannot be enforced. */
  open(pod: Pod, sandbox: PodSandbox): Promise<OpenDoor>;
}

export interface OpenDoor {
  readonly mounts: readonly ContainerMount[];
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}
