import path from 'node:path';
import { isAlive } from '../../core/process/process-owner.ts';
import { signalProcess } from '../../core/process/signal-process.ts';
import { systemClock } from '../../core/clock.ts';
import { createNative } from '../../core/native.ts';
import { isWavetankError, messageOf, WavetankError } from '../../core/errors.ts';
import { waitUntil } from '../../core/wait-until.ts';
import { createNet } from '../../core/net.ts';
import { createKubeClient } from '../../engine/kubernetes/client.ts';
import type { RemovedFromCluster } from '../cluster/existing/remove-testbeds.ts';
import { removeTestbeds } from '../cluster/existing/remove-testbeds.ts';
import type { Swept } from '../cluster/embedded/launcher/journal.ts';
import { sweep } from '../cluster/embedded/launcher/journal.ts';
import type { RunCommand } from '../cluster/kind/command.ts';
import { commandRunner } from '../cluster/kind/command.ts';
import { sweepClusters } from '../cluster/kind/remove-cluster.ts';
import { s3KeysFrom } from '../storage/existing/s3-account.ts';
import type { SweptStorage } from '../storage/leftovers.ts';
import { sweepLeftovers } from '../storage/leftovers.ts';
import type { InstanceFinding } from '../testbed/instance-folder.ts';
import { findInstances, removeDeadInstances } from '../testbed/instance-folder.ts';
import { EXIT, exitCodeOf } from '../report/exit-code.ts';
import { restoreClassicHome } from './classic-home.ts';
import type { Terminal } from './terminal.ts';

const STOP_LIMIT_MS = 30_000;

interface DownResult {
  readonly stopped: readonly string[];
  readonly removed: readonly string[];
  /** Of processes in other containers that have this folder, too: left alone. */
  readonly elsewhere: readonly string[];
  /** A killed `up --classic-ports` had changed files in the home folder, and they are what they were. */
  readonly classicHome: boolean;
  readonly swept: Swept;
  /** kind clusters by name, those that were kept for later among them. */
  readonly clusters: readonly string[];
  /** In object storages: containers of MinIO, and what lay in the S3 of others. */
  readonly storage: SweptStorage;
  /** In the cluster of the kubeconfig, where one was named. */
  readonly existing?: RemovedFromCluster;
  /** Testbeds and clusters that could not be ended or removed now, with the reason; storages tell theirs themselves. */
  readonly kept: readonly string[];
}

export interface DownFlags {
  readonly state: string;
  readonly json?: boolean;
  /** A cluster that testbeds had a place in. */
  readonly kubeconfig?: string;
}

/**
 * Ends the testbeds of a state folder and removes what killed ones left: processes, mounts, cgroups, folders, clusters, storages. Nothing else is
 * touched. What stays is told, and keeps nothing else from being removed.
 */
export async function downCommand(
  flags: DownFlags,
  { stdout, env }: Pick<Terminal, 'stdout' | 'env'>,
  run: RunCommand = commandRunner(createNative()),
): Promise<number> {
  const stateRoot = path.resolve(flags.state);
  const result = await takeDown(stateRoot, flags, { env, run }).catch((error: unknown) => {
    throw isForbidden(error) ? ofAnotherUser(stateRoot, error) : error;
  });
  stdout.write(flags.json ? `${JSON.stringify(result)}\n` : render(result));
  return result.kept.length + result.storage.kept.length === 0 ? EXIT.ok : EXIT.environment;
}

async function takeDown(
  stateRoot: string,
  { kubeconfig }: DownFlags,
  { env, run }: { readonly env: NodeJS.ProcessEnv; readonly run: RunCommand },
): Promise<DownResult> {
  const found = Map.groupBy(findInstances(stateRoot), (instance) => instance.state);
  const kept: string[] = [];
  const stopped = await Promise.all(
    (found.get('alive') ?? []).map((running) => unlessKept(kept, '', () => stopInstance(running))),
  );
  const swept = {
    stopped: stopped.flatMap((name) => name ?? []),
    removed: removeDeadInstances(stateRoot),
    classicHome: restoreClassicHome(stateRoot),
    elsewhere: (found.get('unknown') ?? []).map(({ instance }) => instance),
    swept: sweep(path.join(stateRoot, 'cluster')),
  };
  const { removed: clusters, failed } = await sweepClusters(run, path.join(stateRoot, 'kind'), { kept: true });
  kept.push(...failed.map(({ cluster, error }) => `kind cluster ${cluster}: ${reasonOf(error)}`));
  const storage = await sweepLeftovers(stateRoot, s3KeysFrom(env));
  const existing =
    kubeconfig === undefined
      ? undefined
      : await unlessKept(kept, `what is in the cluster of ${kubeconfig}: `, () => removeFromCluster(kubeconfig));
  return { ...swept, clusters, storage, ...(existing === undefined ? {} : { existing }), kept };
}

/** What cannot be ended or removed is told at the end. Wrong usage, and what is another user's, end the command. */
async function unlessKept<T>(kept: string[], what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isForbidden(error) || exitCodeOf(error) === EXIT.usage) throw error;
    kept.push(`${what}${reasonOf(error)}`);
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const hint = isWavetankError(error) && error.hint !== undefined ? ` ${error.hint}` : '';
  return `${messageOf(error)}${hint}`;
}

function isForbidden(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes(String((error as { code?: unknown }).code));
}

/** As after `sudo npm run scenario`. */
function ofAnotherUser(stateRoot: string, cause: unknown): WavetankError {
  return new WavetankError('STATE_UNREADABLE', `In ${stateRoot} is what another user left: ${messageOf(cause)}`, {
    category: 'environment',
    hint: 'Run `wavetank down` as that user, with sudo if it was root.',
    cause,
  });
}

async function removeFromCluster(kubeconfigPath: string): Promise<RemovedFromCluster> {
  const net = createNet();
  try {
    const client = await createKubeClient({ kubeconfigPath, net });
    try {
      return await removeTestbeds({ client, clock: systemClock });
    } finally {
      await client.close();
    }
  } finally {
    await net.close();
  }
}

/**
 * The process is known by its pid and its start time, so that a number given out again is nobody's end.
 * @returns the instance
 */
async function stopInstance({ instance, owner }: InstanceFinding): Promise<string> {
  if (!owner) return instance;
  signalProcess(owner.pid, 'SIGTERM');
  try {
    await waitUntil(`the end of ${instance}`, () => (isAlive(owner) ? undefined : true), {
      clock: systemClock,
      timeoutMs: STOP_LIMIT_MS,
    });
  } catch (error) {
    if (!isWavetankError(error, 'WAIT_TIMEOUT')) throw error;
    throw new WavetankError('INSTANCE_STAYS', `The testbed ${instance} (process ${owner.pid}) does not end.`, {
      category: 'environment',
      hint: `End process ${owner.pid} by force, then run \`wavetank down\` again.`,
    });
  }
  return instance;
}

function render(result: DownResult): string {
  const { stopped, removed, classicHome, elsewhere, swept, clusters, storage, existing } = result;
  const { kept: inS3, ...inStorage } = storage;
  const objects = existing?.objects ?? [];
  const kept = [...result.kept, ...inS3, ...(existing?.kept ?? [])];
  const counts = Object.entries({ ...swept, ...inStorage }).filter(([, count]) => count > 0);
  const lines = [
    ...stopped.map((name) => `stopped the running testbed ${name}\n`),
    ...removed.map((name) => `removed what was left of ${name}\n`),
    ...(classicHome ? ['restored the files of the classic network in the home folder\n'] : []),
    ...elsewhere.map(
      (name) => `not touched: ${name} is of a process in another container; run \`wavetank down\` there\n`,
    ),
    ...counts.map(([what, count]) => `removed ${count} ${what}\n`),
    ...clusters.map((name) => `removed the kind cluster ${name}\n`),
    ...objects.map((name) => `removed from the cluster: ${name}\n`),
    ...kept.map((reason) => `not removed: ${reason}\n`),
  ];
  return lines.length === 0 ? 'Nothing was left.\n' : lines.join('');
}
