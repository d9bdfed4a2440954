import type { Clock } from '../../../core/clock.ts';
import { systemClock } from '../../../core/clock.ts';
import { WavetankError } from '../../../core/errors.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { isAlive } from '../../../core/process/process-owner.ts';
import type { RunCommand } from './command.ts';
import { killGroup } from './command.ts';
import { Docker, TOKEN_LABEL, ownerLabel } from './docker.ts';
import type { KindRecord } from './journal.ts';
import { isInUse, readRecords, removeRecord } from './journal.ts';
import { KIND_CLUSTER_LABEL, KindCli, nodeOf } from './kind-cli.ts';

/** An engine that was asked for a container has it within a second or two. */
const CONTAINER_MS = 30_000;

/** Whether what has the record's name in the Docker engine was made for this record. */
export async function isMadeFor({ cluster, token }: KindRecord, docker: Docker): Promise<boolean> {
  return token === undefined || (await docker.hasNetwork(cluster, `${TOKEN_LABEL}=${token}`));
}

/** Removes all that was made for a record, whether it is there or not, and then the record. Nothing else is touched, whatever its name is. */
export async function removeCluster(
  run: RunCommand,
  stateDir: string,
  record: KindRecord,
  clock: Clock = systemClock,
): Promise<void> {
  const docker = new Docker(run);
  if (await isMadeFor(record, docker)) await removeMade(run, docker, record, clock);
  else await refuseToForget(docker, record);
  removeRecord(stateDir, record);
}

/**
 * `docker network prune` takes the network of a cluster whose node is stopped, and with it the word whose the node is.
 * @throws WavetankError CLUSTER_WITHOUT_NETWORK (environment)
 */
async function refuseToForget(docker: Docker, { cluster, isComplete }: KindRecord): Promise<void> {
  if (!isComplete || (await docker.hasNetwork(cluster))) return;
  const nodes = await docker.containersWith(`${KIND_CLUSTER_LABEL}=${cluster}`);
  if (nodes.length === 0) return;
  throw new WavetankError(
    'CLUSTER_WITHOUT_NETWORK',
    `Its network is gone, so that nothing says whose it is. If it is nobody else's: \`kind delete cluster --name ${cluster}\``,
    { category: 'environment' },
  );
}

async function removeMade(run: RunCommand, docker: Docker, record: KindRecord, clock: Clock): Promise<void> {
  const { cluster, kubeconfigPath, images } = record;
  const label = `${KIND_CLUSTER_LABEL}=${cluster}`;
  await endCreation(docker, record, clock);
  if ((await docker.containersWith(label)).length > 0) await new KindCli(run).delete(cluster, kubeconfigPath);
  // A creation that was cut off can leave containers that kind does not count as nodes.
  await docker.removeContainers(await docker.containersWith(label));
  for (const image of images) await docker.removeImage(image);
  // A build that was cut off can leave an image without its name.
  await docker.removeImagesWith(ownerLabel(cluster));
  // Says whose all of it is: as long as anything is left, so is this.
  await docker.removeNetwork(cluster);
}

/** Of a creation that was cut off: nobody makes containers any more, and what is being made is there to be removed. */
async function endCreation(docker: Docker, { cluster, child, nodeImage }: KindRecord, clock: Clock): Promise<void> {
  if (child === undefined) return;
  if (isAlive(child)) killGroup(child.pid);
  if (nodeImage === undefined) return;
  const label = `${KIND_CLUSTER_LABEL}=${cluster}`;
  const isSettled = async (): Promise<true | undefined> =>
    (await docker.containersWith(label)).length > 0 ||
    (await docker.takeName(nodeOf(cluster), nodeImage, label)) ||
    undefined;
  await waitUntil(`the container of ${cluster}`, isSettled, { clock, timeoutMs: CONTAINER_MS, intervalMs: 100 });
}

export interface SweptClusters {
  /** Names of clusters. */
  readonly removed: readonly string[];
  /** What could not be removed now; it stays in the journal, and is tried again next time. */
  readonly failed: readonly { readonly cluster: string; readonly error: unknown }[];
}

/**
 * Removes what runs that were killed have left; with `kept`, also the clusters that were kept for the next run.
 * Clusters whose user is alive stay. One that cannot be removed keeps no other from being removed.
 */
export async function sweepClusters(
  run: RunCommand,
  stateDir: string,
  { kept }: { readonly kept: boolean },
): Promise<SweptClusters> {
  const dead = readRecords(stateDir).filter(
    (record) => !isInUse(record) && (kept || !record.isKept || !record.isComplete),
  );
  const removed: string[] = [];
  const failed: { cluster: string; error: unknown }[] = [];
  for (const record of dead) {
    const { cluster } = record;
    try {
      await removeCluster(run, stateDir, record);
      removed.push(cluster);
    } catch (error) {
      failed.push({ cluster, error });
    }
  }
  return { removed, failed };
}
