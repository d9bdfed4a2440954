import type { Readable } from 'node:stream';
import type { RunningResource } from '../../../../core/resource.ts';

/**
 * Turns "this container of this pod" into a Linux process. Everything above it speaks Kubernetes, everything below
 * it speaks namespaces, mounts and cgroups.
 */
export interface Launcher extends RunningResource {
  readonly kind: LauncherKind;
  readonly facts: LauncherFacts;
  /** Prepares what the containers of one pod share: network, IPC, host name. */
  createPodSandbox(spec: PodSandboxSpec): Promise<PodSandbox>;
  /** A directory of at most `sizeBytes`, where `facts.sizedVolumes` says so; it outlives pods. */
  createVolume(spec: VolumeSpec): Promise<BackedVolume>;
  /** Gives a file or directory of ours to a user as containers see it. */
  own(path: string, uid: number, gid: number): void;
  /** A path of the harness as helper processes in a pod's network can reach it. */
  expose(path: string): Promise<string>;
  /** Where pods, volumes and sockets live: a short path, because a Unix socket's path has 108 bytes at most. */
  readonly runtimeDir: string;
}

export type LauncherKind = 'util-linux' | 'none';

export interface LauncherFacts {
  /** Own namespaces and root for every container. */
  readonly isolated: boolean;
  /** `range`: any uid and gid · `one`: one uid and gid per container · `own`: only the harness's own. */
  readonly users: 'range' | 'one' | 'own';
  readonly cgroups: 'v1' | 'v2' | 'absent';
  /** What holds a volume to its size. */
  readonly sizedVolumes: 'ext4' | 'tmpfs' | 'absent';
  /** One sentence: how it was found out, or why something is missing. */
  readonly why: string;
}

export interface PodSandboxSpec {
  /** Unique on this node; becomes part of paths. */
  readonly id: string;
  readonly hostname: string;
}

export interface VolumeSpec {
  readonly id: string;
  readonly sizeBytes: number;
  /** `memory` asks for a tmpfs whatever the launcher prefers. */
  readonly medium?: 'memory';
}

export interface BackedVolume {
  /** As mounts name it. On the harness's side the content may be invisible. */
  readonly path: string;
  /** The group that may write, and that new files get: a pod's fsGroup. */
  setGroup(gid: number): Promise<void>;
  remove(): Promise<void>;
}

/** A file that a container writes and the harness reads. */
export interface MessageFile {
  /** As mounts name it. */
  readonly path: string;
  read(): string;
}

export interface PodSandbox {
  /** A directory of ours for files of this pod, visible to mounts. */
  readonly dir: string;
  /** On the pod's loopback device, where the pod has one of its own. */
  readonly ip: string;
  /** An empty file, on a small file system of its own, that `uid` may write. */
  createMessageFile(name: string, uid: number, gid: number): MessageFile;
  /** Namespaces to join for a helper process of ours in the pod's network: a command prefix. */
  readonly enterNetwork: readonly string[] | undefined;
  startContainer(spec: ContainerSpec): Promise<RunningContainer>;
  remove(): Promise<void>;
}

export interface ContainerSpec {
  /** Unique in the pod, restarts included. */
  readonly id: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly image: ImageRoot;
  readonly readOnlyRoot: boolean;
  readonly noNewPrivileges: boolean;
  /** Files put below /etc, by name. */
  readonly etc: Readonly<Record<string, string>>;
  readonly mounts: readonly ContainerMount[];
  readonly limits: ContainerLimits;
}

export interface ContainerLimits {
  readonly memoryBytes: number | undefined;
  /** Thousandths of a core. */
  readonly cpuMillis: number | undefined;
  readonly pids: number;
  readonly openFiles: number;
  /** Bytes of the writable root and of /dev/shm. */
  readonly scratchBytes: number;
}

export interface ContainerMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** A path below `source`, made before mounting. */
  readonly subPath?: string;
  readonly isFile?: boolean;
  /** Instead of a source: an empty directory in memory that this container alone sees and that ends with it. */
  readonly ownTmpfs?: { readonly sizeBytes: number; readonly gid: number | undefined };
}

/** What an image is on this machine: directories and files of the host, read-only. */
export interface ImageRoot {
  readonly mounts: readonly { readonly source: string; readonly target: string; readonly isFile?: boolean }[];
  /** Link in the root → its text, as `/bin` → `usr/bin`. */
  readonly links: Readonly<Record<string, string>>;
}

export interface RunningContainer {
  /** The first process of the container, as the host numbers it. */
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when every process of the container is gone. */
  readonly exited: Promise<ContainerExit>;
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface ContainerExit {
  /** As a shell counts: 128 + n for signal n. */
  readonly code: number;
  readonly signal: number;
  readonly oomKilled: boolean;
  /** How many periods the processor limit held it back. */
  readonly throttledPeriods: number;
}
