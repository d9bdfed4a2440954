import type { PodScript } from '../api/pod-command.ts';
import { podCommand } from '../api/pod-command.ts';

/** Where configure and publish find the Job Broker, as a network policy can say it. */
export type BrokerEgress =
  | { readonly cidr: string; readonly port: number }
  | {
      readonly podLabels: Readonly<Record<string, string>>;
      readonly namespaceLabels?: Readonly<Record<string, string>>;
      readonly port: number;
    };

export interface OutwardCidr {
  readonly cidr: string;
  readonly except?: readonly string[];
}

/**
 * The unrestricted side of the gate's measurement. A refusal alone proves nothing: the target may be down.
 * Whoever runs the canary implements it.
 */
export interface GateControl {
  /** An unrestricted pod reaches every target now. */
  isGreen(): boolean;
  /**
   * A canary saw somebody come from this address at or after this moment who did not say the gate's greeting.
   * Addresses are given out again; a pod's greeting is known to its gate alone.
   * @param sinceMs milliseconds since the epoch
   */
  hasSeen(podIp: string, sinceMs: number, greeting: string): boolean;
  /** Called after either may have changed. */
  onChange(listener: () => void): void;
}

/** Before foreign code starts: `none` where a pod's network exists before its first instruction, else `probe`. */
export type Gate =
  | { readonly mode: 'none' }
  | {
      readonly mode: 'probe';
      /** What the pod must not reach: addresses that an unrestricted pod does reach, `host:port`. */
      readonly targets: readonly string[];
      readonly control: GateControl;
      /** Denials in a row, on every target, before the gate opens. Default 3. */
      readonly denials?: number;
      readonly intervalMs?: number;
      /** Default 30,000. */
      readonly timeoutMs?: number;
    };

/** Everything that waits ends: how long each wait may last, in seconds. */
export interface Deadlines {
  /** From acceptance to the end of provisioning. */
  readonly configureSeconds: number;
  /** From the creation of a pod to its node. */
  readonly schedulingSeconds: number;
  /** From the first failed pull; a registry may have hiccups. */
  readonly imagePullSeconds: number;
  /** From the creation of a pod to its first container, whatever it waits for. */
  readonly startSeconds: number;
  /** From the report of pod-configure to its end. One that stays is taken away. */
  readonly leaveSeconds: number;
  /** From the end of the algorithm to the end of publishing. */
  readonly publishSeconds: number;
  /** How much longer than it may a pod can go unheard of before its node counts as lost. */
  readonly lostNodeSeconds: number;
}

export const DEFAULT_DEADLINES: Deadlines = {
  configureSeconds: 3600,
  schedulingSeconds: 120,
  imagePullSeconds: 60,
  startSeconds: 300,
  leaveSeconds: 15,
  publishSeconds: 3600,
  lostNodeSeconds: 120,
};

/** What the manifests are made from: the same for every job of one engine. */
export interface PodSettings {
  readonly namespace: string;
  /** Image of configure, publish and gate. */
  readonly podsImage: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly podsCommand: (script: PodScript) => readonly string[];
  readonly brokerUrlForPods: string;
  /** '' takes the cluster's default class. */
  readonly storageClass: string;
  readonly podUser: { readonly uid: number; readonly gid: number };
  readonly gate: Gate;
  /** Longest algorithm.log in bytes; what is more is dropped with a notice. */
  readonly logCapBytes: number;
  /** How many outputs of a job are published; the rest is left out, and the job says how many. At most 99,999. */
  readonly maxOutputFiles: number;
  /** How many bytes all of them may have together. */
  readonly maxOutputBytes: number;
  /** Size of /tmp in every pod. */
  readonly tmpSize: string;
  readonly terminationGraceSeconds: number;
  /** How often the processors of a node may be promised: jobs that run together share them. 1 promises nothing twice. */
  readonly cpuOvercommit: number;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly imagePullSecrets?: readonly string[];
  /** False shares the host's user namespace table as usual; true asks for an own one (`hostUsers: false`). */
  readonly ownUserNamespace: boolean;
}

export const DEFAULT_POD_SETTINGS = {
  imagePullPolicy: 'IfNotPresent',
  podsCommand: podCommand,
  storageClass: '',
  podUser: { uid: 10_001, gid: 10_001 },
  gate: { mode: 'none' },
  logCapBytes: 10 * 1024 * 1024,
  maxOutputFiles: 10_000,
  maxOutputBytes: 10 * 1024 ** 3,
  tmpSize: '256Mi',
  terminationGraceSeconds: 10,
  cpuOvercommit: 1,
  ownUserNamespace: false,
} as const;

/** What `plan` may know besides what was observed. */
export interface PlanSettings {
  readonly deadlines: Deadlines;
  readonly retentionSeconds: number;
}
