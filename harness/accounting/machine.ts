/** What this testbed has on the machine at one moment: what must be back where it was at the end. Each list is sorted. */
export interface MachineSnapshot {
  /** Descendants of this process by their command lines; zombies where they grow in number. */
  readonly processes: readonly string[];
  /** Mount points in this process' own mount namespace that lie below the testbed's folders. */
  readonly mounts: readonly string[];
  /** Control groups of this testbed's pods. */
  readonly cgroups: readonly string[];
  /** Namespaces other than this process' own that its descendants are in. */
  readonly namespaces: readonly string[];
  /** Where this process and its descendants listen: `tcp 127.0.0.1:8545`. */
  readonly ports: readonly string[];
  /** What lies in the testbed's temporary folders. */
  readonly temporaryFolders: readonly string[];
}

export type MachineDifference = {
  readonly [Kind in keyof MachineSnapshot]: { readonly added: readonly string[]; readonly removed: readonly string[] };
};

/** Compares as multisets: two equal processes are two. */
export function machineDifference(before: MachineSnapshot, after: MachineSnapshot): MachineDifference {
  const kinds = Object.keys(before) as (keyof MachineSnapshot)[];
  const entries = kinds.map((kind) => [
    kind,
    { added: without(after[kind], before[kind]), removed: without(before[kind], after[kind]) },
  ]);
  return Object.fromEntries(entries) as MachineDifference;
}

function without(list: readonly string[], taken: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const one of taken) left.set(one, (left.get(one) ?? 0) + 1);
  return list.filter((one) => {
    const count = left.get(one) ?? 0;
    left.set(one, count - 1);
    return count <= 0;
  });
}
