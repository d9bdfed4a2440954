import type { Clock } from '../../../../core/clock.ts';
import type { Entropy } from '../../../../core/entropy.ts';
import type { Logger } from '../../../../core/log.ts';
import type { Native } from '../../../../core/native.ts';
import type { ApiAccess } from '../api-access.ts';
import type { Launcher } from '../launcher/launcher.ts';
import type { NodeFacts } from './downward.ts';
import type { ImageCatalogue } from './images.ts';
import type { LocalProvisioner } from './local-provisioner.ts';
import type { ContainerMount } from '../launcher/launcher.ts';
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

/** The pod's way out, if policies give it one. */
export interface EgressDoor {
  /** Opens what a pod may use; undefined when nothing is permitted. @throws WavetankError POLICY_UNSUPPORTED */
  open(pod: Pod, ip: string, enterNetwork: readonly string[] | undefined): Promise<OpenDoor | undefined>;
}

export interface OpenDoor {
  readonly mounts: readonly ContainerMount[];
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}
