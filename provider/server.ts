import type { RunningResource } from '../core/resource.ts';
import { runningResource } from '../core/resource.ts';
import { messageOf } from '../core/errors.ts';
import { hangUpOn, listenAlsoOn } from '../core/http-listen.ts';
import { buildProviderApp } from './app.ts';
import { createChains } from './chain/chains.ts';
import type { ProviderOptions } from './config.ts';
import { resolveConfig, withoutSlash } from './config.ts';
import type { ProviderContext } from './context.ts';
import { createContext } from './context.ts';
import { openStateDatabase } from './stores/database.ts';

export interface RunningProvider extends RunningResource {
  /** What clients are told: `advertisedUrl`, else where it listens. */
  readonly url: string;
  /** Where it listens. */
  readonly listenUrl: string;
  /** Of the first chain. */
  readonly address: string;
  /** By chain id. */
  readonly addresses: Readonly<Record<number, string>>;
  /** Ends once what a crash left behind has been settled with the Operator Service; never rejects. */
  readonly reconciled: Promise<void>;
}

/**
 * Starts a Provider. Everything that must outlive it is in the state file: after a kill another one may be started
 * with the same file.
 * @throws WavetankError PROVIDER_CONFIG_INVALID, STATE_FILE_INVALID (usage); the system's error when it cannot listen
 */
export async function startProvider(options: ProviderOptions): Promise<RunningProvider> {
  const config = resolveConfig(options);
  const { seams } = options;
  const database = openStateDatabase(config.stateFile, config.stateSurvives);
  const chains = createChains(config, seams);
  let inputUrl = '';
  const context = createContext({
    seams,
    config,
    chains,
    database,
    inputUrl: () => inputUrl,
    resolveHost: options.resolveHost,
  });
  const app = buildProviderApp(context, options.onAnswer);
  hangUpOn(seams.net.fenced, app.server);
  const close = async (): Promise<void> => {
    await app.close();
    await context.proofs.settled();
    chains.close();
    database.close();
  };
  let listenUrl: string;
  try {
    listenUrl = await app.listen({ host: options.listen?.host ?? '127.0.0.1', port: options.listen?.port ?? 0 });
    const port = Number(new URL(listenUrl).port);
    for (const host of options.listen?.alsoOn ?? []) await listenAlsoOn(app.server, host, port);
  } catch (error) {
    await close();
    throw error;
  }
  const url = withoutSlash(options.advertisedUrl ?? listenUrl);
  inputUrl = `${withoutSlash(options.podUrl ?? url)}/api/services/input`;
  const addresses = Object.fromEntries(chains.all.map(({ chainId, signer }) => [chainId, signer.address]));
  const address = chains.all[0]?.signer.address ?? '';
  seams.log.info('The Provider listens.', { url, address });
  return runningResource({ url, listenUrl, address, addresses, reconciled: reconcile(context) }, close);
}

/** Asks for every run that was reserved and never settled. What cannot be settled now is settled when its order is used next. */
async function reconcile({ compute, ledger, seams }: ProviderContext): Promise<void> {
  if (!compute) return;
  for (const run of ledger.unsettled()) {
    try {
      const isFree = await compute.settlement.settle(run);
      seams.log.info('A run from before the start was settled.', { jobId: run.jobId, isFree });
    } catch (error) {
      seams.log.warn('A run from before the start could not be settled yet.', {
        jobId: run.jobId,
        problem: messageOf(error),
      });
      return;
    }
  }
}
