import type { PodScript } from '../../engine/api/pod-command.ts';
import type { InstallOptions } from '../../engine/deploy/install.ts';
import type { KubeObject } from '../../engine/kubernetes/objects.ts';
import type { Gate, PodSettings } from '../../engine/operator-engine/settings.ts';
import type { MachineMarks } from '../accounting/snapshot.ts';
import type { RunningCluster } from './cluster.ts';

/** What a testbed needs of a cluster besides its API: the same face for every backend. */
export interface LabCluster extends RunningCluster {
  /** Where jobs live. */
  readonly namespace: string;
  readonly apiUrl: string;
  /** Addresses of this machine, besides loopback, on which services that pods may reach have to listen. */
  readonly listenHosts: readonly string[];
  readonly images: {
    /** `NAME=LOCAL` of the stand-ins that were used so far. */
    readonly standIns: readonly string[];
    /** `sha256:…`, as the DDO of an algorithm names its image. */
    digestOf(image: string): string;
    /** What the lab's algorithms name, where it is not `node:24`. */
    readonly node?: { readonly image: string; readonly tag: string };
  };
  /** Image of configure, publish and gate, and the command that runs each in it. */
  readonly pods: { readonly image: string; command(script: PodScript): readonly string[] };
  /** How operators are installed where others are too. */
  readonly install?: Pick<InstallOptions, 'labels' | 'sharedStay'>;
  /** Settings of the engine that this cluster asks for. */
  readonly engine?: Partial<Pick<PodSettings, 'imagePullPolicy' | 'cpuOvercommit'>>;
  /** What the cluster's own parts wrote, into a folder: evidence of a failed run. Absent where all of it is in the other evidence. */
  exportLogs?(folder: string): Promise<void>;
  /** YAML with the rights of this service account of a namespace, which exists by now. */
  kubeconfigOf(serviceAccount: string, namespace: string): Promise<string>;
  /** Told of every version of every pod, from now on and none left out. */
  observePods(onPod: (pod: KubeObject) => void): Promise<PodObservation>;
  /** What keeps foreign code back until its network policy is in force. Asked once, when the namespace and its rights are there. */
  gate(): Promise<Gate>;
  /** What this cluster makes on this machine, for counting before and after. */
  marks(): MachineMarks;
}

export interface PodObservation {
  /** Resolves when `onPod` was told of all that happened before the call. */
  caughtUp(): Promise<void>;
  stop(): void;
}
