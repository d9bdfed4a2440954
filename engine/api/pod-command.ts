export type PodScript = 'configure' | 'publish' | 'gate' | 'canary' | 'control';

/**
 * What runs a script of ours in a pod. One thread, so that nothing is compiled beside the script's last line: a compiler that wants memory then waits for
 * a main thread that waits for it, and Node hangs for ever while it exits (nodejs/node#54918). Costs neither start nor throughput, measured.
 */
export const POD_NODE: readonly string[] = ['node', '--single-threaded'];

/** How a script is started in the image that engine/Dockerfile makes. */
export function podCommand(script: PodScript): readonly string[] {
  return [...POD_NODE, `/app/${script}.cjs`];
}
