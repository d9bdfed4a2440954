/** What this testbed has on the machine at one moment, as numbers that must be back where they were at the end. */
export interface MachineSnapshot {
  /** Descendants of this process, zombies included. */
  readonly processes: readonly string[];
  /** Mount points in this process' own mount namespace that lie below the testbed's folders. */
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  /** Namespaces other than this process' own that its descendants are in, and bind mounts of namespaces. */
  readonly namespaces: readonly string[];
  /** Local ports that this process and its descendants listen on: `tcp 127.0.0.1:8545`. */
  readonly ports: readonly string[];
  /** Temporary folders with the testbed's mark. */
  readonly temporaryFolders: readonly string[];
}

export type MachineDifference = {
  readonly [Kind in keyof MachineSnapshot]: { readonly added: readonly string[]; readonly removed: readonly string[] };
};
