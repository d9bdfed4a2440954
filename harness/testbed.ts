import path from 'node:path';
import { systemClock } from '../core/clock.ts';
import { randomHex, systemEntropy } from '../core/entropy.ts';
import { messageOf } from '../core/errors.ts';
import { createNative } from '../core/native.ts';
import { createNet } from '../core/net.ts';
import { ResourceStack } from '../core/resource.ts';
import type { TestbedConfig } from './config/testbed-config.ts';
import { resolveTestbedConfig } from './config/testbed-config.ts';
import { AnswerLog } from './observe/answer-log.ts';
import { watchStrayConnections } from './observe/stray-connections.ts';
import type { RunningTestbed } from './running-testbed.ts';
import { nameAccounts, siteAccounts } from './testbed/accounts.ts';
import { assembleTestbed } from './testbed/assemble.ts';
import { startChainStage, startClusterStage, startStorageStage } from './testbed/foundations.ts';
import { claimInstanceFolder, removeDeadInstances } from './testbed/instance-folder.ts';
import { startActors, startLabServers } from './testbed/outside.ts';
import { PartsLog } from './testbed/parts-log.ts';
import type { TestbedRuntime } from './testbed/runtime.ts';
import { startMetadataCacheStage } from './testbed/services.ts';
import type { Neighbour, Site } from './testbed/site.ts';
import { startSite } from './testbed/site.ts';
import { Stages } from './testbed/stages.ts';
import type { StartContext } from './testbed/start-context.ts';

/** For a part that neither stops nor fails. What runs in containers takes its time to go. */
const STOP_BUDGET_MS = { embedded: 15_000, containers: 90_000 } as const;

/**
 * Starts a whole ocean: chain with contracts, object storage, cluster, metadata cache, operator, Provider, labs.
 * Either everything runs, or everything that was started has been stopped again. First removes what killed testbeds of
 * the same state root have left.
 * @throws WavetankError CONFIG_INVALID, BACKEND_MISSING, INSTANCE_RUNNING, START_FAILED; the signal's reason when aborted
 */
export async function startTestbed(config: TestbedConfig = {}, runtime: TestbedRuntime = {}): Promise<RunningTestbed> {
  const { clock = systemClock, entropy = systemEntropy, signal, s3Keys } = runtime;
  const resolved = resolveTestbedConfig(config, () => randomHex(entropy, 4));
  signal?.throwIfAborted();
  const isEmbedded = resolved.backend === 'embedded' && resolved.storage === 'embedded';
  const stack = new ResourceStack({ budgetMs: STOP_BUDGET_MS[isEmbedded ? 'embedded' : 'containers'] });
  const log = new PartsLog(clock, runtime.onPartLog);
  const stages = new Stages(clock, signal);
  try {
    const removed = removeDeadInstances(resolved.stateRoot);
    if (removed.length > 0) log.of('harness').info('removed what killed testbeds left', { instances: removed });
    const folder = claimInstanceFolder(resolved.stateRoot, resolved.instance);
    stack.defer('instance folder', () => folder.remove());
    const net = createNet();
    stack.defer('connections of the harness', () => net.close());
    const native = createNative();
    const newNet = runtime.newNet ?? (() => createNet({ aliases: resolved.aliases }));
    const context = {
      config: resolved,
      folder: folder.path,
      stack,
      stages,
      clock,
      entropy,
      native,
      log,
      net,
      newNet,
      s3Keys,
    };
    return await orAborted(startAll(context, runtime), signal);
  } catch (error) {
    await stack.stop().catch((problem: unknown) => {
      log.of('harness').error('something could not be stopped', { reason: messageOf(problem) });
    });
    throw error;
  }
}

async function startAll(context: StartContext, runtime: TestbedRuntime): Promise<RunningTestbed> {
  const { config, folder, stack } = context;
  const answers = new AnswerLog();
  const strays = watchStrayConnections();
  stack.defer('observer of connections', () => strays.stop());
  const addressFile = path.resolve(config.addressFile ?? path.join(folder, 'address.json'));
  const chainSide = startChainStage(context, addressFile).then(async (ocean) => ({
    ocean,
    accounts: nameAccounts(ocean.chain.accounts),
    cache: await startMetadataCacheStage(context, ocean),
  }));
  const [{ ocean, accounts, cache }, storage, cluster, servers] = await Promise.all([
    chainSide,
    startStorageStage(context),
    startClusterStage(context),
    startLabServers(context),
  ]);
  const running = new Map<number, Site>();
  const neighbour = (number: number): Neighbour => ({
    accounts: siteAccounts(accounts, ocean.chain.accounts, number),
    providerUrl: () => running.get(number)?.provider.current.url ?? '',
  });
  const numbers = Array.from({ length: config.providers }, (_, i) => i + 1);
  const site = async (number: number): Promise<Site> => {
    const started = await startSite(context, {
      number,
      accounts: siteAccounts(accounts, ocean.chain.accounts, number),
      neighbours: numbers.filter((other) => other !== number).map(neighbour),
      ocean,
      metadataCacheUrl: cache.url,
      cluster,
      storage,
    });
    running.set(number, started);
    return started;
  };
  const first = await site(1);
  // After it, since definitions of the cluster's kinds are applied by each.
  const others: Site[] = [];
  for (let number = 2; number <= config.providers; number++) others.push(await site(number));
  const { operator, provider, admin } = first;
  const providerUrl = provider.current.url;
  const actors = await startActors(context, ocean, accounts, { providerUrl, metadataCacheUrl: cache.url }, answers);
  const parts = {
    ocean,
    accounts,
    cache,
    storage,
    cluster,
    servers,
    admin,
    operator,
    provider,
    sites: [first, ...others],
    actors,
  };
  return assembleTestbed(context, { ...parts, answers, strays, addressFile, runtime });
}

/** Does not wait for a start that nobody wants any more; whoever stops the stack waits for what it has begun. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
