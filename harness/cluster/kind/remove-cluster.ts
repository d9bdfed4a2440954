import type { Owner } from '../../testbed/instance-folder.ts';
import { isAlive } from '../../testbed/instance-folder.ts';
import type { RunCommand } from './command.ts';
import { Docker, ownerLabel } from './docker.ts';
import type { KindRecord } from './journal.ts';
import { isInUse, readRecords, removeRecord } from './journal.ts';
import { KIND_CLUSTER_LABEL, KindCli } from './kind-cli.ts';

/** Removes all that a record names, whether it is there or not, and then the record. Nothing else is touched. */
export async function removeCluster(run: RunCommand, stateDir: string, record: KindRecord): Promise<void> {
  const { cluster, kubeconfigPath, images, child } = record;
  // It would go on making what is removed here.
  if (child !== undefined && isAlive(child as Owner)) killQuietly(child.pid);
  const docker = new Docker(run);
  const label = `${KIND_CLUSTER_LABEL}=${cluster}`;
  if ((await docker.containersWith(label)).length > 0) await new KindCli(run).delete(cluster, kubeconfigPath);
  // A creation that was cut off can leave containers that kind does not count as nodes.
  await docker.removeContainers(await docker.containersWith(label));
  await docker.removeNetwork(cluster);
  for (const image of images) await docker.removeImage(image);
  // A build that was cut off can leave an image without its name.
  await docker.removeImagesWith(ownerLabel(cluster));
  removeRecord(stateDir, record);
}

/**
 * Removes what runs that were killed have left; with `kept`, also the clusters that were kept for the next run.
 * Clusters whose user is alive stay.
 * @returns the names of the clusters that were removed
 * @throws WavetankError PROGRAM_MISSING, COMMAND_FAILED (environment)
 */
export async function sweepClusters(
  run: RunCommand,
  stateDir: string,
  { kept }: { readonly kept: boolean },
): Promise<string[]> {
  const dead = readRecords(stateDir).filter(
    (record) => !isInUse(record) && (kept || !record.isKept || !record.isComplete),
  );
  for (const record of dead) await removeCluster(run, stateDir, record);
  return dead.map(({ cluster }) => cluster);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}
